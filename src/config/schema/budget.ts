/** How full a partition may be: `budget: { warn: 80%, fail: 95%, history: sizes.jsonl, release: "${VERSION}" }`. */
import type * as z from 'zod'
import { group } from '../../schema/group.js'
import { leaf, text, VARIABLE_JSON } from '../../schema/leaf.js'
import { parseQuantity } from '../../schema/quantity.js'
import { Refusal } from '../../schema/refusal.js'

const ACCEPTED = 'accepted are 1% to 100%'

function share() {
  return leaf(
    (value): number | Refusal => {
      const quantity = parseQuantity(value)
      if (quantity instanceof Refusal) return quantity.accepting(ACCEPTED)
      if (quantity.kind !== 'percent' || quantity.percent < 1)
        return new Refusal(`"${value}" is no share of a partition`, ACCEPTED)
      return quantity.percent
    },
    { anyOf: [{ type: 'string', pattern: '^\\d+(\\.\\d+)?%$' }, VARIABLE_JSON] },
  )
}

export const budget = group(
  {
    warn: share().describe('A fuller partition is a warning, such as 80%').exactOptional(),
    fail: share().describe('A fuller partition is an error, such as 95%').exactOptional(),
    history: text()
      .describe(
        'File that gets a line for each release and so tells how partitions grow, whatever is built (also with --only); build --history FILE chooses another place',
      )
      .exactOptional(),
    release: text()
      .describe('Name of this release in the history; building it again replaces its line')
      .exactOptional(),
  },
  { noun: 'budget' },
)

export type BudgetInput = z.output<typeof budget>
