import { LEDGER } from '#protocol/ledger'
import type { LedgerEntry, LedgerState } from '#protocol/ledger'
import {
  ALL_TIME,
  CsvWriter,
  JsonWriter,
  Statement,
  UnitTable,
  balancesCsv,
  beancountWriter,
  checkSplitRule,
  encodeSplitRule,
  formatAmount,
  hledgerWriter,
  netDebts,
  parseAmount,
  planImport,
  splitAmount,
} from '#protocol/ledger/money'
import type {
  ExportContext,
  ExportWriter,
  Period,
  SplitRule,
  StatementLine,
  UnitBooks,
} from '#protocol/ledger/money'
import { fromHex } from '#protocol/encoding'
import type { Engine } from '#node/engine'
import { CoopError, FileInvalid } from '#node/errors'
import type { CoopNode } from './coop-node.ts'
import { amountOf } from './ledger-entries.ts'
import { importEntries, unitsBefore } from './ledger-import.ts'
import type { ImportOptions, ImportedHolding, ImportedUnit } from './ledger-import.ts'
import { ledgerNames, ledgerRows } from './ledger-rows.ts'
import type { WrittenEntries } from './ledger-desk.ts'
import type { MemberName } from './roster-names.ts'
import { ruleRequest } from './request-ids.ts'

/** Formats of an export. */
export const EXPORT_FORMATS = ['csv', 'json', 'beancount', 'hledger', 'balances'] as const
/** A format of an export. `balances`: what devices hold, as `coop ledger import` reads it. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** Whose books, and of which time. */
export interface StatementRequest {
  /** Name or key; without one the whole co-op. */
  member?: string | undefined
  fromMs?: number | undefined
  untilMs?: number | undefined
}

/** One account in one unit over a period, amounts as text by the unit's scale. */
export interface StatementLineView {
  account: StatementLine['account']['kind']
  member: string
  memberName: string
  /** PeerId. */
  device: string
  deviceName: string
  unit: string
  code: string
  opening: string
  up: string
  down: string
  closing: string
}

/** A statement: of a member or of the co-op. */
export interface StatementView {
  member: MemberName | null
  period: { fromMs: number | null; untilMs: number | null }
  lines: StatementLineView[]
  /** Of each unit whether the books hold: of one member they need not. */
  units: { unit: string; code: string; isBalanced: boolean }[]
}

/** One part of a split or netting, as text. */
export interface PaymentView {
  from: string | null
  to: string
  amount: string
}

/** An amount that is split. */
export interface SplitAmount {
  unit: string
  amount: string
  /** What was used, by the key of the party. */
  usage?: Readonly<Record<string, string>> | undefined
}

/** The parts of an amount. */
export interface SplitView {
  version: number
  code: string
  parts: PaymentView[]
  /** Commit by which they were handed over, hex; null when they were not. */
  commit: string | null
}

/** Payments that settle debts. */
export interface NetView {
  code: string
  payments: (PaymentView & { from: string })[]
  /** What each gets (above zero) or pays (below), by key; they sum to zero. */
  balances: { key: string; amount: string }[]
  /** Commit by which this device handed over what its member pays, hex; null when it did not. */
  commit: string | null
}

/** What an import would write, or wrote. */
export interface ImportView {
  isDry: boolean
  units: ImportedUnit[]
  /** Who gets what. */
  holdings: ImportedHolding[]
  entries: number
  /** Of these, what the same file has brought in before: it is not written again. */
  entriesBefore: number
  /** Commits that were written, hex. */
  commits: string[]
}

/** Statements, exports, imports, splits and netting. */
export class MoneyDesk {
  readonly #node: CoopNode

  constructor(node: CoopNode) {
    this.#node = node
  }

  /** The books of a member or of the co-op over a period. */
  async statement(request: StatementRequest): Promise<StatementView> {
    const { statement, context } = await this.#read(request)
    const { units, names } = context
    const lines = statement.lines().map(({ account, unit, ...amounts }): StatementLineView => {
      const { code, scale } = units.of(unit)
      const text = (amount: bigint): string => formatAmount(amount, scale)
      return {
        ...{ account: account.kind, member: account.member, unit, code },
        device: this.#node.ledger.names.device(account.device).device,
        memberName: names.members.get(account.member) ?? '',
        deviceName: names.devices.get(account.device) ?? '',
        ...{ opening: text(amounts.opening), up: text(amounts.up) },
        ...{ down: text(amounts.down), closing: text(amounts.closing) },
      }
    })
    const { member } = statement.scope
    const { fromMs = null, untilMs = null } = request
    return {
      member: member === null ? null : this.#node.ledger.names.member(member),
      period: { fromMs, untilMs },
      lines,
      units: statement.books().map(({ unit, isBalanced }: UnitBooks) => ({
        ...{ unit, code: units.of(unit).code, isBalanced },
      })),
    }
  }

  /** An export in pieces of text. */
  async *export(format: ExportFormat, request: StatementRequest): AsyncGenerator<string> {
    if (format === 'balances') {
      const { statement, context } = await this.#read(request)
      yield* balancesCsv(statement.lines(), context)
      return
    }
    const scope = this.#scope(request)
    const isFromStart = scope.period.fromMs === ALL_TIME.fromMs
    const opening = isFromStart
      ? []
      : (await this.#read({ member: request.member, untilMs: scope.period.fromMs })).statement.lines()
    const context = this.#context(request, opening)
    const writer = WRITERS[format](context)
    yield writer.head()
    const { engine, ledger } = this.#parts
    for await (const row of ledgerRows(engine, ledger)) {
      const { member, period } = scope
      const isIn = row.timeMs >= period.fromMs && row.timeMs < period.untilMs
      if (isIn && (member === null || row.member === member || row.to?.member === member))
        yield writer.row(row)
    }
    yield writer.tail()
  }

  /** Brings opening balances and stock from a CSV file into the ledger, or says what it would write. */
  async import(bytes: Uint8Array, options: ImportOptions): Promise<ImportView> {
    const { engine, ledger } = this.#parts
    const { replica } = engine
    const holders = [...replica.authority.devices].map(([device, it]) => ({
      ...{ device, member: it.member, deviceName: it.deviceName, memberName: it.memberName },
    }))
    const plan = planImport(bytes, {
      units: unitsBefore(bytes, ledger, this.#node),
      holders,
      self: replica.device ?? '',
    })
    if (!plan.ok)
      throw new FileInvalid(plan.errors, `${sentence(plan.errors[0]?.message ?? '')} Nothing was written.`)
    return importEntries(plan, bytes, { ...options, node: this.#node })
  }

  /** The newest version of each split rule. */
  rules(): SplitRule[] {
    return this.#parts.ledger.rules()
  }

  /** Writes a split rule, or a newer version of one; the same one of this device again is written once. */
  async defineRule(rule: SplitRule): Promise<WrittenEntries> {
    const checked = this.#checked(rule)
    const { ledger } = this.#node
    const known = this.rules().find((it) => it.id === rule.id)
    const isRepeat = await ledger.isWritten(ruleRequest(checked))
    if (!isRepeat && known !== undefined && known.version >= rule.version)
      throw new CoopError(
        'split-invalid',
        `version ${known.version} of the split '${rule.id}' is here already`,
        `Number the new version ${known.version + 1}.`,
      )
    return ledger.appendOnce(ruleRequest(checked), [{ t: 'rule', rule: checked }])
  }

  /** The parts of an amount by a rule; with `isPaid` they are handed over at once, in one commit. */
  async split(
    request: SplitAmount & {
      rule: string
      isPaid: boolean
      /** 32 hexadecimal digits: a request that is sent twice is paid once. */
      id?: string | undefined
    },
  ): Promise<SplitView> {
    const rule = this.rules().find((it) => it.id === request.rule)
    if (rule === undefined)
      throw new CoopError(
        'split-invalid',
        `no split is called '${request.rule}'`,
        'Run `coop ledger split` to see them.',
      )
    const view = this.previewSplit(rule, request)
    if (!request.isPaid) return view
    const ref = `split ${rule.id} v${rule.version}`
    return { ...view, commit: await this.#hand(view.parts, { unit: request.unit, ref, id: request.id }) }
  }

  /** The parts of an amount by a rule that nobody has written down yet. Writes nothing. */
  previewSplit(rule: SplitRule, request: SplitAmount): SplitView {
    const unit = this.#node.ledger.unit(request.unit)
    const usage = new Map(Object.entries(request.usage ?? {}).map(([key, text]) => [key, wholeOf(text)]))
    const result = splitAmount(amountOf(request.amount, unit), rule, usage)
    if (!result.ok)
      throw new CoopError(
        'split-invalid',
        `the amount is not split (${result.refusal})`,
        sentence(result.message),
      )
    const parts = result.portions.map(({ key, amount }) => ({
      from: null,
      to: key,
      amount: formatAmount(amount, unit.scale),
    }))
    return { version: rule.version, code: unit.code, parts, commit: null }
  }

  /** Debts of one unit as few payments: at most one less than members. With `isPaid` this device hands over what its member pays. */
  async net(request: {
    unit: string
    debts: readonly { debtor: string; creditor: string; amount: string }[]
    isPaid: boolean
    /** As of `split`. */
    id?: string | undefined
  }): Promise<NetView> {
    const { names } = this.#node.ledger
    const unit = this.#node.ledger.unit(request.unit)
    const result = netDebts(request.debts.map((it) => ({ ...it, amount: amountOf(it.amount, unit) })))
    if (!result.ok)
      throw new CoopError(
        'split-invalid',
        `the debts are not netted (${result.refusal})`,
        sentence(result.message),
      )
    const payments = result.transfers.map((it) => ({ ...it, amount: formatAmount(it.amount, unit.scale) }))
    const balances = [...result.nets].map(([key, net]) => ({ key, amount: formatAmount(net, unit.scale) }))
    const view = { code: unit.code, payments, balances, commit: null }
    if (!request.isPaid) return view
    const own = this.#member
    const due = payments.filter((it) => names.findMember(it.from) === own)
    if (due.length === 0)
      throw new CoopError(
        'split-invalid',
        `${names.memberText(own)}, whose device this is, pays nothing on balance`,
        'Whoever pays does so on a device of their own, with the same debts.',
      )
    return { ...view, commit: await this.#hand(due, { unit: unit.id, ref: 'netting', id: request.id }) }
  }

  /** Hands each member its payment, in one commit; null where all of it stays with the member of this device. */
  async #hand(
    payments: readonly PaymentView[],
    { unit: text, ref, id }: { unit: string; ref: string; id: string | undefined },
  ): Promise<string | null> {
    const { names } = this.#node.ledger
    const unit = this.#node.ledger.unit(text)
    const entries = payments
      .filter((it) => /[1-9]/.test(it.amount))
      .flatMap((it): LedgerEntry[] => {
        const member = names.findMember(it.to)
        const to = member === this.#member ? null : fromHex(names.onlyDeviceOf(member, SEVERAL))
        return to === null
          ? []
          : [{ t: 'transfer', to, unit: unit.id, amount: amountOf(it.amount, unit), ref }]
      })
    return entries.length === 0 ? null : (await this.#node.ledger.pay(entries, id)).commit
  }

  /** Key of the member whose device this is, hex. */
  get #member(): string {
    const { replica } = this.#parts.engine
    return replica.authority.devices.get(replica.device ?? '')?.member ?? ''
  }

  #checked(rule: SplitRule): Uint8Array {
    const checked = checkSplitRule(rule)
    if (checked.ok) return encodeSplitRule(checked.rule)
    throw new CoopError('split-invalid', `the split is none (${checked.refusal})`, sentence(checked.message))
  }

  async #read(request: StatementRequest): Promise<{ statement: Statement; context: ExportContext }> {
    const { engine, ledger } = this.#parts
    const statement = new Statement(this.#scope(request))
    for await (const row of ledgerRows(engine, ledger)) statement.add(row)
    return { statement, context: this.#context(request, []) }
  }

  #scope({ member, fromMs, untilMs }: StatementRequest): Statement['scope'] {
    const period: Period = { fromMs: fromMs ?? ALL_TIME.fromMs, untilMs: untilMs ?? ALL_TIME.untilMs }
    if (period.fromMs >= period.untilMs)
      throw new CoopError('usage', 'the period ends before it begins', 'Give --from before --until.')
    return { member: member === undefined ? null : this.#node.ledger.names.findMember(member), period }
  }

  #context(request: StatementRequest, opening: readonly StatementLine[]): ExportContext {
    const { engine, ledger } = this.#parts
    const { member, period } = this.#scope(request)
    const coop = this.#node.membership.genesis.name
    return {
      title: member === null ? coop : `${coop}: ${this.#node.ledger.names.memberText(member)}`,
      units: new UnitTable(ledger.units()),
      names: ledgerNames(engine),
      period: request.fromMs === undefined && request.untilMs === undefined ? null : period,
      opening,
    }
  }

  get #parts(): { engine: Engine; ledger: LedgerState } {
    const { engine } = this.#node.membership
    return { engine, ledger: engine.replica.document(LEDGER) as LedgerState }
  }
}

const WRITERS: Readonly<Record<Exclude<ExportFormat, 'balances'>, (context: ExportContext) => ExportWriter>> =
  {
    csv: (context) => new CsvWriter(context),
    json: (context) => new JsonWriter(context),
    beancount: beancountWriter,
    hledger: hledgerWriter,
  }

/** What to do where a member has several devices. */
const SEVERAL =
  'Hand the parts over one by one, to the device that is meant: `coop ledger transfer UNIT AMOUNT DEVICE`.'

function wholeOf(text: string): bigint {
  const parsed = parseAmount(text, 0, 'allowed')
  if (parsed.ok) return parsed.amount
  throw new CoopError(
    'amount-malformed',
    `'${text.slice(0, 40)}' is no usage (${parsed.refusal})`,
    sentence(parsed.message),
  )
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
