import type {
  Balance,
  Commit,
  CommitChecks,
  EntryRequest,
  ExportFormat,
  HistoryFilter,
  HistoryPage,
  Ledger,
  Rights,
  Split,
  SplitRule,
  Statement,
  StatementFilter,
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
  readonly #file: (path: string) => Promise<Blob>

  /** @param file - gets the bytes of an answer */
  constructor(call: Call, file: (path: string) => Promise<Blob>) {
    this.#call = call
    this.#file = file
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

  /** @param id - as of `write` */
  async define(unit: UnitRequest, id: string): Promise<{ unit: string; commit: string }> {
    return (await this.#call('POST', '/v1/ledger/units', { ...unit, id })) as { unit: string; commit: string }
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

  async statement(filter: StatementFilter): Promise<Statement> {
    const query = new URLSearchParams({ ...filter })
    return (await this.#call('GET', `/v1/ledger/statement?${query.toString()}`)) as Statement
  }

  async export(format: ExportFormat, filter: StatementFilter): Promise<Blob> {
    const query = new URLSearchParams({ ...filter, format })
    return this.#file(`/v1/ledger/export?${query.toString()}`)
  }

  async splits(): Promise<SplitRule[]> {
    return ((await this.#call('GET', '/v1/ledger/splits')) as { splits: SplitRule[] }).splits
  }

  /** The parts of an amount; with `isPaid` they are handed over at once. */
  async split(request: {
    rule: string
    unit: string
    amount: string
    usage?: Record<string, string>
    isPaid: boolean
    id?: string
  }): Promise<Split> {
    return (await this.#call('POST', '/v1/ledger/split', request)) as Split
  }

  async commit(id: string): Promise<Commit> {
    return (await this.#call('GET', `/v1/commits/${encodeURIComponent(id)}`)) as Commit
  }

  async verify(id: string): Promise<CommitChecks> {
    return (await this.#call('GET', `/v1/commits/${encodeURIComponent(id)}/verify`)) as CommitChecks
  }
}
