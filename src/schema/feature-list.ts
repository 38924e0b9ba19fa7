import * as z from 'zod'
import { leaf } from './leaf.js'
import { Refusal } from './refusal.js'

/** The names of ext, btrfs and f2fs; btrfs has hyphens in them. */
const FEATURE = /^\^?[a-z0-9_-]+$/

/** Feature names as after `-O` of a mkfs: one text with commas, or a list. */
export function featureList() {
  return z.union([features(), z.array(features()).transform((lists) => lists.flat())])
}

function features() {
  return leaf(
    (value): readonly string[] | Refusal => {
      const words = value.split(',').map((word) => word.trim())
      const wrong = words.find((word) => !FEATURE.test(word))
      if (wrong === undefined) return words
      return new Refusal(
        `"${wrong}" is no feature`,
        'accepted are names as after -O of its mkfs, with ^ before one to switch off',
      )
    },
    { type: 'string' },
  )
}
