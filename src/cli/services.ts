/** The work that commands do; loaded when one needs it, so that `--help` does not wait for it. */
export interface Services {
  loadBuild(): Promise<Pick<typeof import('../build.js'), 'build' | 'plan'>>
  loadGadget(): Promise<Pick<typeof import('../gadget.js'), 'gadget'>>
  loadInputs(): Promise<Pick<typeof import('../build.js'), 'inputs'>>
  loadVerify(): Promise<Pick<typeof import('../verify.js'), 'compareWithBuild'>>
  loadInspect(): Promise<
    Pick<
      typeof import('../inspect.js'),
      | 'checkImageFile'
      | 'compareDisks'
      | 'extract'
      | 'extractImage'
      | 'holdsRelease'
      | 'openImage'
      | 'openImageOrConfig'
      | 'partitionImage'
      | 'tarOf'
    >
  >
  loadConvert(): Promise<Pick<typeof import('../convert.js'), 'convert'>>
  loadFlash(): Promise<Pick<typeof import('../flash.js'), 'flash' | 'devices'>>
}
