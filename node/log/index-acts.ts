import { fromHex, toHex } from '#protocol/encoding'
import type { Act } from '#protocol/evaluation'

/** Takes numbers of 4 bytes. */
interface Words {
  put(word: number): void
}

/** Gives numbers of 4 bytes, and zeros past the end. */
interface WordSource {
  readonly isOff: boolean
  next(): number
  skip(count: number): void
}

/** Places of keys and names in the tables of an index block. */
interface TablePlaces {
  keyAt(key: Uint8Array): number
  nameAt(name: string): number
}

/** The tables themselves. */
interface Tables {
  keys: readonly Uint8Array[]
  names: readonly string[]
}

/**
 * What a commit does for the books, as words of its index row: how many acts; of each its kind, the place of its unit and its
 * amount (8 bytes); then of a transfer the place of the receiver, and when it expires (8 bytes) if it does; of a move the place of the other account, of a definition
 * one more than the relay limit (8 bytes; 0 for none) and its bytes with their length.
 */
export function writeActs(acts: readonly Act[], words: Words, tables: TablePlaces): void {
  words.put(acts.length)
  for (const act of acts) {
    words.put(codeOf(act))
    words.put(tables.nameAt(act.unit))
    putLong(words, act.kind === 'define' ? act.supply : act.amount)
    if (act.kind === 'transfer') {
      words.put(tables.keyAt(fromHex(act.to) ?? NO_KEY))
      if (act.expiresMs !== undefined) putLong(words, BigInt(act.expiresMs))
    } else if (act.kind === 'define') {
      putLong(words, act.relayMax === null ? 0n : act.relayMax + 1n)
      putBytes(words, act.definition)
    } else if (act.into !== undefined) words.put(tables.nameAt(act.into))
  }
}

/** The acts, or null when the words make no sense. */
export function readActs(words: WordSource, tables: Tables): Act[] | null {
  const acts: Act[] = []
  for (let left = words.next(); left > 0; left -= 1) {
    const act = words.isOff ? null : readAct(words, tables)
    if (act === null) return null
    acts.push(act)
  }
  return words.isOff ? null : acts
}

/** Passes over acts that nobody needs; false when the words make no sense. */
export function skipActs(words: WordSource): boolean {
  for (let left = words.next(); left > 0 && !words.isOff; left -= 1) {
    const rest = REST_WORDS[words.next()]
    if (rest === undefined) return false
    words.skip(NAMED_WORDS + rest)
    if (rest === REST_WORDS[DEFINE]) words.skip(Math.ceil(words.next() / 4))
  }
  return !words.isOff
}

function readAct(words: WordSource, { keys, names }: Tables): Act | null {
  const code = words.next()
  const unit = names[words.next()]
  const amount = readLong(words)
  if (unit === undefined) return null
  switch (code) {
    case TRANSFER:
    case GRANT: {
      const to = keys[words.next()]
      const until = code === GRANT ? { expiresMs: Number(readLong(words)) } : {}
      return to === undefined ? null : { kind: 'transfer', to: nameOf(to), unit, amount, ...until }
    }
    case FACT:
      return { kind: 'fact', unit, amount }
    case MOVE: {
      const into = names[words.next()]
      return into === undefined ? null : { kind: 'fact', unit, amount, into }
    }
    case DEFINE: {
      const relay = readLong(words)
      const definition = readBytes(words)
      if (definition === null) return null
      return { kind: 'define', unit, supply: amount, relayMax: relay === 0n ? null : relay - 1n, definition }
    }
    default:
      return null
  }
}

/** Keys of a block are few, and asked for often. */
const keyNames = new WeakMap<Uint8Array, string>()

function nameOf(key: Uint8Array): string {
  const known = keyNames.get(key)
  if (known !== undefined) return known
  const name = toHex(key)
  keyNames.set(key, name)
  return name
}

function codeOf(act: Act): number {
  if (act.kind === 'transfer') return act.expiresMs === undefined ? TRANSFER : GRANT
  if (act.kind === 'define') return DEFINE
  return act.into === undefined ? FACT : MOVE
}

function putLong(words: Words, value: bigint): void {
  words.put(Number(value >> 32n))
  words.put(Number(value & 0xffff_ffffn))
}

function readLong(words: WordSource): bigint {
  const high = words.next()
  const low = words.next()
  return high < 0x20_0000 ? BigInt(high * 2 ** 32 + low) : (BigInt(high) << 32n) | BigInt(low)
}

function putBytes(words: Words, bytes: Uint8Array): void {
  words.put(bytes.length)
  for (let at = 0; at < bytes.length; at += 4) {
    const byte = (i: number): number => bytes[at + i] ?? 0
    words.put(((byte(0) << 24) | (byte(1) << 16) | (byte(2) << 8) | byte(3)) >>> 0)
  }
}

function readBytes(words: WordSource): Uint8Array | null {
  const length = words.next()
  if (words.isOff || length > DEFINITION_BYTES_MAX) return null
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 4) {
    const word = words.next()
    for (let i = 0; i < 4 && at + i < length; i += 1) bytes[at + i] = word >>> (24 - 8 * i)
  }
  return words.isOff ? null : bytes
}

const TRANSFER = 0
const FACT = 1
const MOVE = 2
const DEFINE = 3
/** A transfer that expires. */
const GRANT = 4
/** Words of an act behind its kind: its unit and its amount. */
const NAMED_WORDS = 3
/** By kind: words behind these, of a definition those before its bytes. */
const REST_WORDS: readonly number[] = [1, 0, 1, 2, 3]
/** A definition has some 600 bytes, a split rule 20,000 at most. */
const DEFINITION_BYTES_MAX = 32_768
const NO_KEY: Uint8Array = new Uint8Array(32)
