import type {
  Balance,
  Commit,
  CommitChecks,
  EntryRequest,
  HistoryFilter,
  HistoryPage,
  Ledger,
  Rights,
  Taken,
  Unit,
  UnitRequest,
  Written,
} from './ledger-types.ts'

/** Makes one call of the node's API and gives the answer's JSON. */
export type Call = (method: string, path: string, body?: unknown) => Promise<unknown>

/** Calls about the ledger, and about commits that prove it. Every method rejects with a NodeError. */
export class LedgerCalls {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  /** Units, what devices have of them, and what can be sold where. */
  async state(): Promise<Ledger> {
    const [units, balances, rights] = await Promise.all(
      ['units', 'balances', 'rights'].map((it) => this.#call('GET', `/v1/ledger/${it}`)),
    )
    return {
      units: (units as { units: Unit[] }).units,
      balances: (balances as { balances: Balance[] }).balances,
      rights: (rights as { rights: Rights[] }).rights,
    }
  }

  /** @param before - `next` of the page before; null for the newest */
  async history(filter: HistoryFilter, before: number | null, limit: number): Promise<HistoryPage> {
    const query = new URLSearchParams({ ...filter, limit: String(limit) })
    if (before !== null) query.set('before', String(before))
    return (await this.#call('GET', `/v1/ledger/history?${query.toString()}`)) as HistoryPage
  }

  async define(unit: UnitRequest): Promise<{ unit: string; commit: string }> {
    return (await this.#call('POST', '/v1/ledger/units', unit)) as { unit: string; commit: string }
  }

  /** @param id - 32 hexadecimal digits: what is sent twice under one id is written once */
  async write(entries: readonly EntryRequest[], id: string): Promise<Written> {
    return (await this.#call('POST', '/v1/ledger/entries', { entries, id })) as Written
  }

  /** Takes a share from connected devices: by a rule, or so much more than there is here. */
  async take(unit: string, want: { rule: 'even' | 'forecast' } | { amount: string }): Promise<Taken> {
    return (await this.#call('POST', '/v1/ledger/take', { unit, ...want })) as Taken
  }

  /** Keeps a unit at hand between two marks; null: no longer. */
  async keep(unit: string, marks: { low: string; high: string } | null): Promise<void> {
    await this.#call('POST', '/v1/ledger/keep', { unit, marks })
  }

  async commit(id: string): Promise<Commit> {
    return (await this.#call('GET', `/v1/commits/${encodeURIComponent(id)}`)) as Commit
  }

  async verify(id: string): Promise<CommitChecks> {
    return (await this.#call('GET', `/v1/commits/${encodeURIComponent(id)}/verify`)) as CommitChecks
  }
}
