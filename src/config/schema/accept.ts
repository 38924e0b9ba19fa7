/** Warnings that a config accepts, each with its reason. */
import * as z from 'zod'
import { FINDING_IDS } from '../../findings.js'
import { group } from '../../schema/group.js'
import { choice, text } from '../../schema/leaf.js'

const accepted = group(
  {
    finding: choice(FINDING_IDS).describe('Id of the warning, as it is printed in brackets (docs/findings.md)'),
    reason: text().describe('Why it is accepted: for the manifest and for the next reader'),
  },
  { noun: 'an accepted warning' },
)

export const accept = z.array(accepted)
