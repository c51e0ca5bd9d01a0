import type {
  Balance,
  Commit,
  CommitChecks,
  Debt,
  EntryRequest,
  ExportFormat,
  HistoryFilter,
  HistoryPage,
  ImportPlan,
  ImportProgress,
  Ledger,
  Netted,
  Rights,
  Split,
  SplitRule,
  SplitTrial,
  Statement,
  StatementFilter,
  Taken,
  Unit,
  UnitRequest,
  Written,
} from './ledger-types.ts'

/** Makes one call of the node's API and gives the answer's JSON. */
export type Call = (method: string, path: string, body?: unknown) => Promise<unknown>

/** What calls are made of. */
export interface LedgerPorts {
  call: Call
  /** Gets the bytes of an answer. */
  file: (path: string) => Promise<Blob>
  /** Long work that tells of its progress. */
  run: (path: string, body: unknown, onProgress: (progress: unknown) => void) => Promise<unknown>
}

/** Calls about the ledger, and about commits that prove it. Every method rejects with a NodeError. */
export class LedgerCalls {
  readonly #call: Call
  readonly #file: LedgerPorts['file']
  readonly #run: LedgerPorts['run']

  constructor({ call, file, run }: LedgerPorts) {
    this.#call = call
    this.#file = file
    this.#run = run
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

  /** How a rule would split an amount; nothing is written. Fixed parts are amounts of the unit. */
  async previewSplit(request: SplitTrial): Promise<Split> {
    return (await this.#call('POST', '/v1/ledger/splits/preview', request)) as Split
  }

  /** Writes a rule, or its next version. @param unit - fixed parts are amounts of it */
  async defineSplit(rule: SplitRule, unit: string): Promise<Written> {
    return (await this.#call('POST', '/v1/ledger/splits', { ...rule, unit })) as Written
  }

  /** Debts of one unit as few payments; with `isPaid` this device hands over what its member pays. */
  async net(request: {
    unit: string
    debts: readonly Debt[]
    isPaid: boolean
    id?: string
  }): Promise<Netted> {
    return (await this.#call('POST', '/v1/ledger/net', request)) as Netted
  }

  /** What a file of balances would bring; nothing is written. */
  async planImport(csv: string): Promise<ImportPlan> {
    return (await this.#call('POST', '/v1/ledger/import', { csv, isDry: true })) as ImportPlan
  }

  /** Brings a file of balances in. The same file again goes on where it was interrupted. */
  async import(csv: string, onProgress: (progress: ImportProgress) => void): Promise<ImportPlan> {
    const body = { csv, isDry: false }
    const tell = (progress: unknown): void => onProgress(progress as ImportProgress)
    return (await this.#run('/v1/ledger/import', body, tell)) as ImportPlan
  }

  async commit(id: string): Promise<Commit> {
    return (await this.#call('GET', `/v1/commits/${encodeURIComponent(id)}`)) as Commit
  }

  async verify(id: string): Promise<CommitChecks> {
    return (await this.#call('GET', `/v1/commits/${encodeURIComponent(id)}/verify`)) as CommitChecks
  }
}
