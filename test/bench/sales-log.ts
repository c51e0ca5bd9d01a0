import { signCommit } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import { Evaluation } from '#protocol/evaluation'
import type { Act, EvaluationInit } from '#protocol/evaluation'
import { History } from '#protocol/history'
import { LEDGER, actsOf, encodeLedgerEntries, unitIdOf } from '#protocol/ledger'
import type { LedgerEntry, UnitDefinition } from '#protocol/ledger'
import { nodeCrypto } from '#node/crypto'

/** One commit in so many passes on what it earned, and the receiver accepts it with its next commit. */
const TRANSFER_EVERY = 10
const CENTS = 10n
const { sha256 } = nodeCrypto()

/** One commit of a log of sales, as a node has it at different stages. */
export interface Sale {
  record: CommitRecord
  /** Its entries, decoded. */
  acts: readonly Act[]
}

/** What tills write who sell one piece for ten cents a time, acknowledge two others each, and pay each other now and then. */
export class SalesLog {
  readonly history: History = new History(1)
  readonly stock: string
  readonly #money: string
  readonly #keys: readonly Uint8Array[]
  readonly #heads: (CommitRecord | undefined)[] = []
  #sales = 0

  constructor(devices: number) {
    this.#keys = Array.from({ length: devices }, (_, device) => keyOf(device))
    const maker = keyOf(0)
    this.stock = unitIdOf(maker, STOCK, sha256)
    this.#money = unitIdOf(maker, MONEY, sha256)
  }

  /** The first commits: the units, and those of the other devices, which know them. */
  first(): Sale[] {
    const units = [STOCK, MONEY].map((unit): LedgerEntry => ({ t: 'define', unit }))
    return this.#keys.map((_, device) =>
      device === 0 ? this.#write(0, [], units) : this.#write(device, [0], []),
    )
  }

  /** The next commits. */
  more(commits: number): Sale[] {
    return Array.from({ length: commits }, () => this.#sell())
  }

  /** An evaluation of none of it, in which all hold enough. */
  evaluation(): Evaluation {
    const founding = this.#keys.flatMap((key) =>
      [this.stock, `${this.#money}+`].map((unit) => ({ device: toHex(key), unit, amount: 10_000_000n })),
    )
    return new Evaluation({ ...this.#init, founding })
  }

  /** An evaluation that goes on from what another one saved. */
  restored(bytes: Uint8Array): Evaluation {
    const evaluation = Evaluation.restore(bytes, this.#init)
    if (evaluation === null) throw new Error('what was saved is not restored')
    return evaluation
  }

  get #init(): EvaluationInit {
    const names = this.#keys.map(toHex)
    return { graph: this.history, keyOf: (device) => names[device] ?? '', demandsUnits: true }
  }

  #sell(): Sale {
    const sale = this.#sales
    this.#sales += 1
    const { length } = this.#keys
    const device = sale % length
    const entries: LedgerEntry[] = [
      { t: 'consume', unit: this.stock, amount: 1n },
      { t: 'issue', unit: this.#money, amount: CENTS },
    ]
    const to = this.#keys[(device + 1) % length] ?? keyOf(0)
    if (sale % TRANSFER_EVERY === 0)
      entries.push({ t: 'transfer', to, unit: this.#money, amount: CENTS / 2n })
    const others = [device + length - 1, device + 1 + 7 * Math.floor(sale / length)].map((it) => it % length)
    // Their keys ascend with their numbers, as a header wants it.
    const heads = [...new Set(others)].filter((it) => it !== device).sort((a, b) => a - b)
    return this.#write(device, heads, entries)
  }

  #write(device: number, heads: readonly number[], entries: readonly LedgerEntry[]): Sale {
    const { history } = this
    const key = this.#keys[device] ?? keyOf(0)
    const before = this.#heads[device]
    const seen = heads.flatMap((it) => this.#heads[it] ?? [])
    const payload = encodeLedgerEntries(entries)
    const section = { document: LEDGER, entries: entries.length, payload }
    const seq = (before?.header.seq ?? -1) + 1
    const draft = { coop: COOP, device: key, seq, prev: before?.id ?? null, epoch: COOP, timeMs: 0 }
    const record = signCommit(
      { ...draft, seen: seen.map(({ id, header }) => ({ device: header.device, seq: header.seq, id })) },
      entries.length === 0 ? [] : [section],
      { signer: { publicKey: key, sign: () => UNSIGNED }, sha256 },
    )
    this.#heads[device] = record
    const links = {
      prev: before === undefined ? -1 : history.find(before.id),
      seen: seen.map(({ id }) => history.find(id)),
    }
    history.add({ device: key, seq, id: record.id, ...links })
    return { record, acts: actsOf(entries, key, sha256) }
  }
}

const DEFINED = { scale: 0, name: 'Bench', relayMax: null, expiresMs: null, nonce: new Uint8Array(16) }
const STOCK: UnitDefinition = { ...DEFINED, code: 'POSTER', kind: 'stock', supply: 1_000_000n }
const MONEY: UnitDefinition = { ...DEFINED, code: 'EUR', kind: 'money', scale: 2, supply: 0n }
const COOP: Uint8Array = new Uint8Array(32).fill(1)
/** Nothing here checks signatures. */
const UNSIGNED: Uint8Array = new Uint8Array(64)

function keyOf(number: number): Uint8Array {
  const key = new Uint8Array(32)
  new DataView(key.buffer).setUint32(0, number)
  return key
}
