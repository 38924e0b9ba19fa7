/** The picture of the disk, which every build with a manifest writes. */
export const LAYOUT_SVG = 'layout.svg'
