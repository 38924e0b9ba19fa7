/** Everything has been told; how the command ends is all that is left. */
export class ExitRequest extends Error {
  readonly exitCode: number

  constructor(exitCode: number) {
    super(`exit code ${exitCode}`)
    this.exitCode = exitCode
  }
}
