/** Who owns the payload inside the volume. The build user's ids must not travel unless somebody asks for them. */
export type Ownership =
  /** `byDefault`: nobody asked for it, so ids that are neither root's nor the builder's are reported. */
  | { readonly kind: 'root'; readonly byDefault?: true }
  | { readonly kind: 'keep' }
  /** Ids at the source → ids in the volume; what is not named becomes 0. */
  | { readonly kind: 'map'; readonly uid: ReadonlyMap<number, number>; readonly gid: ReadonlyMap<number, number> }

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export function ownerInVolume(ownership: Ownership, source: Owner): Owner {
  switch (ownership.kind) {
    case 'root':
      return { uid: 0, gid: 0 }
    case 'keep':
      return { uid: source.uid, gid: source.gid }
    case 'map':
      return { uid: ownership.uid.get(source.uid) ?? 0, gid: ownership.gid.get(source.gid) ?? 0 }
  }
}
