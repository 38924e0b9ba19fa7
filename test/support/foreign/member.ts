/** One image of a family that other tools make. */
export interface ForeignMember {
  readonly name: string
  /** Shell; leaves the image at $IMG. Exit code 77: this machine cannot make it. */
  readonly script: string
  /** It mounts, or needs a loop device. */
  readonly root?: true
}
