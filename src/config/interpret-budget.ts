import type { Interpretation } from './interpretation.js'
import type { BudgetInput } from './schema/budget.js'
import type { BudgetSpec } from './spec.js'

export function interpretBudget(input: BudgetInput, interpretation: Interpretation): BudgetSpec {
  const { warn, fail, history, release } = input
  if (warn !== undefined && fail !== undefined && warn >= fail) {
    interpretation.refuse(
      ['budget', 'warn'],
      `Cannot warn at ${warn}%: the build fails at ${fail}% already, accepted is less than that`,
    )
  }
  if (release !== undefined && history === undefined) {
    interpretation.refuse(
      ['budget', 'release'],
      'Cannot use release: there is no history to name it in',
      'Add history: sizes.jsonl',
    )
  }
  return {
    ...(warn !== undefined && { warnPercent: warn }),
    ...(fail !== undefined && { failPercent: fail }),
    ...(history !== undefined && { historyPath: interpretation.absolute(history, ['budget', 'history']) }),
    ...(release !== undefined && { release }),
  }
}
