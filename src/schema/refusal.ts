/** Why a text was not taken for a value: the second half of "Cannot read ⟨key⟩: ⟨what⟩, ⟨accepted⟩". */
export class Refusal {
  /** What is there: `"12 parsecs" is no size`. */
  readonly what: string
  /** What would have been taken: `accepted are …`. */
  readonly accepted: string | undefined
  readonly hint: string | undefined

  constructor(what: string, accepted?: string, hint?: string) {
    this.what = what
    this.accepted = accepted
    this.hint = hint
  }

  /** The same where something else is accepted. */
  accepting(accepted: string): Refusal {
    return new Refusal(this.what, accepted, this.hint)
  }

  get text(): string {
    return this.accepted === undefined ? this.what : `${this.what}, ${this.accepted}`
  }
}
