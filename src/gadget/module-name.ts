const MODULE_SUFFIX = /\.ko(\.(gz|xz|zst))?$/

/** The name that the kernel knows of a module's path: no folder, no suffix, and `-` is `_`. */
export function moduleName(path: string): string {
  return path
    .slice(path.lastIndexOf('/') + 1)
    .replace(MODULE_SUFFIX, '')
    .replaceAll('-', '_')
}
