import { encodeCanonical, toHex } from '#protocol/encoding'
import type { Value, ValueMap } from '#protocol/encoding'
import {
  actsOf,
  encodeAmount,
  encodeAnswer,
  encodeAsk,
  encodeLedgerEntries,
  readAnswer,
  unitIdOf,
} from '#protocol/ledger'
import type { LedgerEntry, RightsAnswer, RightsAsk, UnitDefinition } from '#protocol/ledger'
import { encodeSplitRule } from '#protocol/ledger/money'
import { rowBytes } from '#protocol/replica'
import { nodeCrypto } from '#node/crypto'
import type { Vector, VectorFile } from './vector-form.ts'

const { sha256 } = nodeCrypto()
const device = new Uint8Array(32).fill(7)
const other = new Uint8Array(32).fill(9)
const nonce = new Uint8Array(16).fill(1)

const poster: UnitDefinition = {
  ...{ code: 'POSTER-A2', kind: 'stock', scale: 0, name: 'Poster A2', supply: 500n },
  ...{ relayMax: null, expiresMs: null, nonce },
}
const euro: UnitDefinition = { ...poster, code: 'EUR', kind: 'money', scale: 2, name: 'Euro', supply: 0n, relayMax: 0n }
const unit = unitIdOf(device, poster, sha256)
const amount = encodeAmount(1_250n)
const nothing = new Uint8Array()
/** The end of one chain. */
const row = rowBytes({ device, length: 7, id: new Uint8Array(32).fill(9) })

/** docs/protocol/ledger.md */
export function ledgerVectors(): VectorFile {
  return {
    about: [
      'units: a definition by a device (hex) <-> its id.',
      'sections: entries of that device <-> hex of the payload, and the acts that they are for the books.',
      'asks and answers: what one frame of /coopmesh/rights/2 says <-> hex of it, `has` as hex; an answer is never taken for more than was asked for.',
      'noAsks: hex of frames that ask for nothing; the stream ends.',
      'invalid: one entry, as hex of the payload of a section that holds it alone; none of them is an entry.',
    ],
    units: [
      unitVector('stock', poster),
      unitVector('money: without a supply, and nothing of it is passed on before a seal', euro),
      unitVector('the largest supply and limit, which expires', {
        ...poster,
        ...{ supply: 2n ** 63n - 1n, relayMax: 2n ** 63n - 1n, expiresMs: 1_800_000_000_000 },
      }),
      unitVector('another nonce is another unit', { ...poster, nonce: new Uint8Array(16).fill(2) }),
      unitVector('a code of one letter', { ...poster, code: 'X' }),
      unitVector('each of it exists once', { ...poster, kind: 'admission', supply: 1n }),
    ],
    sections: [
      section('a definition', { t: 'define', unit: poster }),
      section('each move', ...MOVE_NAMES.map((t): LedgerEntry => ({ t, unit, amount: 1n }))),
      section('a transfer', { t: 'transfer', to: other, unit, amount: 2n ** 63n - 1n }),
      section('a transfer that expires', { t: 'transfer', to: other, unit, amount: 255n, expiresMs: 1_800_000_000_000 }),
      section('all notes', {
        ...{ t: 'consume', unit, amount: 256n, id: nonce, memo: 'two for one', ref: 'order 7' },
        reverses: { commit: other, index: 3 },
      }),
      section('a sale: stock and money stand or fall together', { t: 'consume', unit, amount: 1n }, {
        ...{ t: 'issue', unit: unitIdOf(device, euro, sha256), amount: 1_250n },
      }),
      section('a split rule', {
        t: 'rule',
        rule: encodeSplitRule({ id: 'door', version: 1, parties: [{ key: 'ann', part: { way: 'share', weight: 1 } }] }),
      }),
    ],
    asks: [
      ask('a person asks', { unit, amount: 40n, reason: 'person', has: row }),
      ask('below its low mark', { unit, amount: 1n, reason: 'low', has: nothing }),
      ask('an even share', { unit, amount: 2n ** 63n - 1n, reason: 'even', has: nothing }),
      ask('a share by forecast', { unit, amount: 256n, reason: 'forecast', has: nothing }),
    ],
    answers: [
      answer('all of it, and 300 commits', { amount: 40n, why: null, commits: 300 }, 40n),
      answer('a part, whose commits come by sync', { amount: 7n, why: null, commits: null }, 40n),
      answer('nothing, and why', { amount: 0n, why: 'too-soon', commits: null }, 40n),
      answer('more than was asked for', { amount: 2n ** 63n - 1n, why: null, commits: 1 }, 40n),
      answer('more commits than an answer has', { amount: 40n, why: null, commits: 20_001 }, 40n),
      answer('commits of nothing', { amount: 0n, why: null, commits: 5 }, 40n),
    ],
    noAsks: [
      noAsk('an unknown reason', [unit, amount, 'all', nothing]),
      noAsk('no reason', [unit, amount, nothing]),
      noAsk('an ask of version 1, without what its device has', [unit, amount, 'low']),
      noAsk('what it has as a list', [unit, amount, 'low', []]),
      noAsk('a field too many', [unit, amount, 'low', nothing, 1]),
      noAsk('no unit', ['poster', amount, 'low', nothing]),
      noAsk('an account instead of a unit', [`${unit}+`, amount, 'low', nothing]),
      noAsk('an amount as a number', [unit, 5, 'low', nothing]),
      noAsk('an amount of 2^63', [unit, new Uint8Array([128, 0, 0, 0, 0, 0, 0, 0]), 'low', nothing]),
      noAsk('a map', { unit, amount, reason: 'low', has: nothing }),
    ],
    invalid: [
      invalid('no type', { unit, amount }),
      invalid('an unknown type', { t: 'mint', unit, amount }),
      invalid('no unit', { t: 'issue', amount }),
      invalid('a unit of an unknown kind', { t: 'issue', unit: unit.replace('stock', 'share'), amount }),
      invalid('a unit that is too long', { t: 'issue', unit: `${unit}a`, amount }),
      invalid('an account instead of a unit', { t: 'issue', unit: `${unit}+`, amount }),
      invalid('amount 0', { t: 'issue', unit, amount: new Uint8Array([0]) }),
      invalid('no amount', { t: 'issue', unit }),
      invalid('an amount as a number', { t: 'issue', unit, amount: 5 }),
      invalid('an amount in more bytes than it needs', { t: 'issue', unit, amount: new Uint8Array([0, 5]) }),
      invalid('an amount of 2^63', { t: 'issue', unit, amount: new Uint8Array([128, 0, 0, 0, 0, 0, 0, 0]) }),
      invalid('an amount of 9 bytes', { t: 'issue', unit, amount: new Uint8Array(9).fill(1) }),
      invalid('a key that no entry has', { t: 'issue', unit, amount, note: 'x' }),
      invalid('a move with a receiver', { t: 'consume', unit, amount, to: other }),
      invalid('a transfer to nobody', { t: 'transfer', unit, amount }),
      invalid('a transfer to a short key', { t: 'transfer', unit, amount, to: other.slice(1) }),
      invalid('an expiry as text', { t: 'transfer', unit, amount, to: other, expires: 'soon' }),
      invalid('a memo with a hidden character', { t: 'issue', unit, amount, memo: 'a\u202eb' }),
      invalid('an empty memo', { t: 'issue', unit, amount, memo: '' }),
      invalid('an id of 15 bytes', { t: 'issue', unit, amount, id: nonce.slice(1) }),
      invalid('a reverse without a place', { t: 'issue', unit, amount, reverses: [other] }),
      invalid('a definition with a code in small letters', definition({ code: 'poster' })),
      invalid('a definition of an unknown kind', definition({ kind: 'share' })),
      invalid('a seat with parts', definition({ kind: 'seat', scale: 2 })),
      invalid('a scale of 19', definition({ scale: 19 })),
      invalid('money with a supply of its own', definition({ kind: 'money' })),
      invalid('an admission that exists twice', definition({ kind: 'admission', supply: new Uint8Array([2]) })),
      invalid('stock without a supply', definition({ supply: null })),
      invalid('a relay limit of zero in bytes', definition({ relay: new Uint8Array([0]) })),
      invalid('a nonce of 8 bytes', definition({ nonce: nonce.slice(8) })),
      invalid('a definition without a name', definition({ name: '' })),
      invalid('a rule that is none', { t: 'rule', rule: new Uint8Array([1, 2, 3]) }),
    ],
  }
}

const MOVE_NAMES = ['issue', 'withdraw', 'consume', 'restore', 'return', 'draw', 'repay', 'write-back'] as const

function unitVector(name: string, it: UnitDefinition): Vector {
  return {
    ...{ name, device: toHex(device), code: it.code, kind: it.kind, scale: it.scale, title: it.name },
    ...{ supply: String(it.supply), relayMax: it.relayMax === null ? null : String(it.relayMax) },
    ...{ expiresMs: it.expiresMs, nonce: toHex(it.nonce), id: unitIdOf(device, it, sha256) },
  }
}

function section(name: string, ...entries: LedgerEntry[]): Vector {
  const acts = actsOf(entries, device, sha256).map((act) =>
    act.kind === 'define'
      ? [act.kind, act.unit, String(act.supply), act.relayMax === null ? null : String(act.relayMax), toHex(act.definition)]
      : act.kind === 'transfer'
        ? [act.kind, act.unit, String(act.amount), act.to, act.expiresMs ?? null]
        : [act.kind, act.unit, String(act.amount), act.into ?? null],
  )
  return { name, device: toHex(device), entries: entries.length, payload: toHex(encodeLedgerEntries(entries)), acts }
}

function ask(name: string, it: Omit<RightsAsk, 'device'>): Vector {
  const said = { unit: it.unit, amount: String(it.amount), reason: it.reason, has: toHex(it.has) }
  return { name, ...said, frame: toHex(encodeAsk(it)) }
}

function answer(name: string, it: RightsAnswer, asked: bigint): Vector {
  const { amount: taken, commits } = readAnswer(encodeAnswer(it), asked)
  const frame = toHex(encodeAnswer(it))
  return { name, asked: String(asked), taken: String(taken), why: it.why, commits, frame }
}

function noAsk(name: string, value: Value): Vector {
  return { name, frame: toHex(encodeCanonical(value)) }
}

function definition(part: ValueMap): ValueMap {
  return {
    ...{ t: 'define', code: 'POSTER', kind: 'stock', scale: 0, name: 'Poster', supply: amount, relay: null },
    ...{ expires: null, nonce },
    ...part,
  }
}

function invalid(name: string, entry: Value): Vector {
  return { name, payload: toHex(encodeCanonical([entry])) }
}
