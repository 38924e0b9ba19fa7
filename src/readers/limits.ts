/** What no disk image exceeds: the largest file of ext4, and far more than any card holds. It bounds work on damaged input. */
export const MAX_IMAGE_BYTES = 16 * 2 ** 40
