/** The work that commands do; loaded when one needs it, so that `--help` does not wait for it. */
export interface Services {
  loadBuild(): Promise<Pick<typeof import('../build.js'), 'build' | 'plan'>>
}
