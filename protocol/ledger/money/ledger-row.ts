/**
 * What an entry does. `issue`: right to issue to held. `withdraw`: back. `consume`: held to used. `restore`: back. `return`: handed
 * back for good. `draw`: credit line to held. `repay`: back. `write-back`: held against the own loss account. `transfer`: held to
 * another device's held. `replace`: a seal gives the device what the loss account of another (`to`) then lacks.
 */
export type LedgerRowType =
  | 'issue'
  | 'withdraw'
  | 'consume'
  | 'restore'
  | 'return'
  | 'draw'
  | 'repay'
  | 'write-back'
  | 'transfer'
  | 'replace'

/** A device and the member whose it is, by key: hexadecimal text. */
export interface Holder {
  device: string
  member: string
}

/** One entry of the ledger as this replica has evaluated it: what statements and exports are made of. */
export interface LedgerRow extends Holder {
  /** Id of the commit that proves it, hexadecimal. */
  commit: string
  /** Place of the entry in its commit, from 0. */
  index: number
  /** The author's clock. Advisory: it says in which period the entry is reported, and nothing else. */
  timeMs: number
  type: LedgerRowType
  /** Id of the unit. */
  unit: string
  /** Minor units, above zero. */
  amount: bigint
  /** Whom a transfer pays; of `replace` the device whose loss account bears it. */
  to?: Holder
  memo?: string
  /** False where it is not in the books: void, or contested or late and not accepted. */
  isCounted: boolean
  /** Of a transfer: true once the receiver accepted it. Until then the amount is in flight. */
  isAccepted: boolean
}

/** What text needs to know of a unit. */
export interface UnitInfo {
  /** `<kind>-<26 base32 characters>`. */
  id: string
  /** Short name that its author chose; two units may have the same. */
  code: string
  kind: string
  /** Decimal places. */
  scale: number
}

/** Names of members and devices by key, for people; a key without one is shown as such. */
export interface LedgerNames {
  members: ReadonlyMap<string, string>
  devices: ReadonlyMap<string, string>
}

/** Units by id. What is not among them is shown in minor units under its id. */
export class UnitTable {
  readonly all: readonly UnitInfo[]
  readonly #byId: ReadonlyMap<string, UnitInfo>

  constructor(units: readonly UnitInfo[]) {
    this.all = units
    this.#byId = new Map(units.map((unit) => [unit.id, unit]))
  }

  /** The unit with this id. */
  of(id: string): UnitInfo {
    return this.#byId.get(id) ?? { id, code: id, kind: '', scale: 0 }
  }
}
