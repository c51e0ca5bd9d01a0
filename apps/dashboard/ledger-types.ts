import type { DeviceName, Suspension } from './node-types.ts'

/** What units count. */
export type UnitKind = 'money' | 'credit' | 'quota' | 'slot' | 'stock' | 'seat' | 'admission' | 'edition'

/** A unit with its sums over all devices; amounts are text by its scale. */
export interface Unit {
  id: string
  code: string
  kind: UnitKind
  scale: number
  name: string
  definedBy: DeviceName
  relayMax: string | null
  expiresMs: number | null
  sums: {
    issued: string
    /** Issued by seals against loss accounts. */
    replaced: string
    held: string
    inFlight: string
    used: string
    returned: string
    writtenBack: string
    deficits: string
    loss: string
    issuable: string
    credit: string
  }
}

/** What one device has of one unit. */
export interface Balance {
  unit: string
  code: string
  device: DeviceName
  isOwn: boolean
  held: string
  incoming: string
  issuable: string
  credit: string
  used: string
  returned: string
  /** What its loss account bears. */
  loss: string
  /** What it spent beyond what it held. */
  deficit: string
}

/** Where a device stands that holds something. */
export type HolderState = 'here' | 'reachable' | 'elsewhere' | 'stranded'

/** Of one unit, what can be sold here without the mesh, and what others hold. */
export interface Rights {
  unit: string
  code: string
  here: string
  reachable: string
  elsewhere: string
  stranded: string
  /** Below `low` this device asks others for more, up to `high`; null when it does not. */
  marks: { low: string; high: string } | null
  devices: {
    device: DeviceName
    isOwn: boolean
    held: string
    incoming: string
    loss: string
    state: HolderState
  }[]
}

/** All that the page keeps of the ledger. */
export interface Ledger {
  units: Unit[]
  balances: Balance[]
  rights: Rights[]
}

/** What connected devices handed over to this one. */
export interface Taken {
  code: string
  wanted: string
  taken: string
  here: string
  from: { device: DeviceName; amount: string; why: string | null }[]
}

/** What an entry does with the own holding of its author. */
export type MoveName =
  | 'issue'
  | 'withdraw'
  | 'consume'
  | 'restore'
  | 'return'
  | 'draw'
  | 'repay'
  | 'write-back'

/** Type of an entry. */
export type EntryType = MoveName | 'transfer' | 'define' | 'rule'

/** An entry as it is asked for. */
export type EntryRequest = {
  unit: string
  amount: string
  memo?: string
  ref?: string
  reverses?: string
} & ({ type: MoveName } | { type: 'transfer'; to: string })

/** A unit as it is asked for. */
export interface UnitRequest {
  code: string
  kind: UnitKind
  name?: string
  scale?: number
  supply?: string
  relayMax?: string
  expiresMs?: number
}

/** What a write did. */
export interface Written {
  commit: string
  /** True when the same request was written before: nothing was written again. */
  isRepeat: boolean
}

/** An entry of the history. */
export interface Entry {
  commit: string
  index: number
  order: number
  timeMs: number
  device: DeviceName
  type: EntryType
  unit: string
  code: string
  amount: string
  to: DeviceName | null
  expiresMs: number | null
  memo: string | null
  ref: string | null
  reverses: string | null
  state: 'counted' | 'on-the-way' | 'not-counted' | 'void'
  /** Commits by which its receiver accepted it. */
  acceptedBy: string[]
}

/** A page of the history, the newest first. */
export interface HistoryPage {
  entries: Entry[]
  /** `before` of the next page; null at the end. */
  next: number | null
  /** Commits that were looked at for it. */
  looked: number
}

/** Which entries are asked for; what is left out is any. */
export interface HistoryFilter {
  unit?: string
  device?: string
  member?: string
  type?: string
  text?: string
}

/** A device as a commit names it; names are null where it was never admitted. */
export interface CommitDevice {
  device: string
  /** Name of its member. */
  member: string | null
  name: string | null
}

/** A commit as the node holds it. */
export interface Commit {
  id: string
  author: CommitDevice
  seq: number
  timeMs: number
  sections: { document: string; entries: number; isHere: boolean }[]
  order: number
  acknowledgedBy: CommitDevice[]
  forkedWith: string[]
  contested: Suspension | null
}

/** A commit checked anew from its bytes. */
export interface CommitChecks {
  isValid: boolean
  checks: { check: string; document: string | null; ok: boolean | null; why: string }[]
}

/** Whose books, and of which time; what is left out is everything. */
export interface StatementFilter {
  /** Key of a member. */
  member?: string
  fromMs?: string
  untilMs?: string
}

/** One account of a device in one unit over a period. */
export interface StatementLine {
  account: 'held' | 'in-flight' | 'used' | 'returned' | 'issued' | 'credit' | 'loss'
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

/** The books of a member or of the co-op. */
export interface Statement {
  lines: StatementLine[]
  units: { unit: string; code: string; isBalanced: boolean }[]
}

/** A format of an export. */
export type ExportFormat = 'csv' | 'json' | 'beancount' | 'hledger' | 'balances'

/** A split rule; parties by name or key. */
export interface SplitRule {
  id: string
  version: number
  parties: ({ key: string } & (
    | { way: 'fixed'; amount: string }
    | { way: 'points'; points: number }
    | { way: 'share'; weight: number }
    | { way: 'usage' }
  ))[]
}

/** The parts of an amount. */
export interface Split {
  version: number
  code: string
  parts: { to: string; amount: string }[]
  /** Commit by which they were handed over; null when they were not. */
  commit: string | null
}

/** A rule to look at, and an amount that it splits. */
export interface SplitTrial {
  rule: SplitRule
  unit: string
  amount: string
  /** What was used, by the key of the party. */
  usage: Readonly<Record<string, string>>
}

/** One owes another; keys of members. */
export interface Debt {
  debtor: string
  creditor: string
  amount: string
}

/** Payments that settle debts. */
export interface Netted {
  code: string
  payments: { from: string; to: string; amount: string }[]
  /** What each gets (above zero) or pays (below); they sum to zero. */
  balances: { key: string; amount: string }[]
  /** Commit by which this device handed over its part; null when it did not. */
  commit: string | null
}

/** What a file of balances brings, or would bring. */
export interface ImportPlan {
  units: { code: string; kind: UnitKind; isNew: boolean; amount: string }[]
  holdings: { device: DeviceName; isOwn: boolean; code: string; amount: string }[]
  entries: number
  /** Of these, what the same file has brought in before. */
  entriesBefore: number
  commits: string[]
}

/** How far an import is. */
export interface ImportProgress {
  doneEntries: number
  totalEntries: number
}
