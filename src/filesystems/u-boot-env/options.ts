/** What a U-Boot environment may be asked to be. Spelled as the config spells it. */
export interface UBootEnvOptions {
  /** Bytes of one copy, CONFIG_ENV_SIZE. Default: the whole partition, or half of it where there are two copies. */
  readonly size?: number
  /**
   * `both`: two copies in the partition, the second at its middle, the first one active. `active`, `obsolete`: one copy with the
   * flag byte that the redundant form has, where the other copy has a partition of its own. Default `none`: no flag byte.
   */
  readonly redundant?: 'none' | 'both' | 'active' | 'obsolete'
  /** Of the board's processor, for the checksum's own bytes. Default little. */
  readonly byte_order?: 'little' | 'big'
  /** What fills a copy behind its variables, 0 to 0xFF. Default 0xFF. */
  readonly padding?: number
}
