import { equalBytes, toHex } from '#protocol/encoding'
import { encodeAnswer, encodeAsk, readAnswer, readAsk } from '#protocol/ledger'
import type { AskReason } from '#protocol/ledger'
import { readPastRows } from '#protocol/sync'
import {
  BALANCE_COLUMNS,
  IMPORT_KINDS,
  decodeSplitRule,
  encodeSplitRule,
  planImport,
  splitAmount,
} from '#protocol/ledger/money'
import type { ImportContext, ImportResult } from '#protocol/ledger/money'
import { seededRandom } from '#simulations/mesh'
import type { SeededRandom } from '#simulations/mesh'
import { drawRule, pick } from './ledger-entries.ts'
import { mutate } from './mutate.ts'
import { FuzzFailure } from './watch.ts'
import type { Watch } from './watch.ts'

const NAS = 'd2'.repeat(32)
const EUR = { id: 'money-aaaaaaaaaaaaaaaaaaaaaaaaaa', code: 'EUR', kind: 'money', scale: 2 } as const
/** Inputs that stay in the corpus for others to lend from. */
const CORPUS_MAX = 400

/**
 * Mutated files of balances, split rules and frames of `/coopmesh/rights/2`: nothing throws, what is taken for a rule or an ask is encoded
 * in one way, a plan issues what it hands out and its sums are in their bounds, parts of an amount sum to it.
 */
export function fuzzTexts(count: number, seed: number, watch: Watch): string {
  const random = seededRandom(seed)
  const corpus: Uint8Array[] = []
  const taken = { files: 0, rules: 0, frames: 0 }
  for (let i = 0; i < count; i += 1) {
    const way = pick(['files', 'files', 'rules', 'frames'] as const, random)
    const original = { files: drawFile, rules: drawRule, frames: drawFrame }[way](random)
    const bytes = random.below(4) === 0 ? original : mutate(original, corpus, random)
    if (corpus.length < CORPUS_MAX) corpus.push(original)
    else corpus[random.below(CORPUS_MAX)] = original
    if (TAKES[way](bytes, watch)) taken[way] += 1
  }
  if (Object.values(taken).includes(0)) throw new FuzzFailure(`nothing was taken: ${JSON.stringify(taken)}`)
  return `${taken.files} files planned, ${taken.rules} rules, ${taken.frames} frames of ${count} inputs`
}

const TAKES = { files: takesFile, rules: takesRule, frames: takesFrame } as const

/** True for a file that is planned. */
function takesFile(bytes: Uint8Array, watch: Watch): boolean {
  const result: ImportResult = watch.run('planImport', bytes, () => planImport(bytes, CONTEXT))
  if (!result.ok) {
    if (result.errors.length === 0) throw new FuzzFailure(`refused without a reason: ${toHex(bytes)}`)
    return false
  }
  const issued = new Map<string, bigint>()
  const kept = new Map<string, bigint>()
  for (const it of result.entries) {
    if (it.type === 'define') continue
    const name = it.unit.isNew ? `new ${it.unit.label}` : it.unit.id
    const sums = it.type === 'issue' ? issued : kept
    sums.set(name, (sums.get(name) ?? 0n) + it.amount)
    if (it.amount < 1n || it.amount >= 2n ** 63n) throw new FuzzFailure(`out of bounds: ${toHex(bytes)}`)
  }
  for (const { unit, amount } of result.totals) {
    const name = unit.isNew ? `new ${unit.label}` : unit.id
    const isWhole = issued.get(name) === amount && (kept.get(name) ?? 0n) <= amount && amount < 2n ** 63n
    if (!isWhole) throw new FuzzFailure(`the plan does not add up: ${toHex(bytes)}`)
  }
  return result.entries.length > 0
}

/** True for a rule. */
function takesRule(bytes: Uint8Array, watch: Watch): boolean {
  const read = watch.run('decodeSplitRule', bytes, () => decodeSplitRule(bytes))
  if (!read.ok) return false
  if (!equalBytes(encodeSplitRule(read.rule), bytes))
    throw new FuzzFailure(`two encodings of one rule: ${toHex(bytes)}`)
  for (const amount of [1n, 999n, 2n ** 63n - 1n]) {
    const split = watch.run('splitAmount', bytes, () => splitAmount(amount, read.rule))
    if (!split.ok) continue
    const sum = split.portions.reduce((total, it) => total + it.amount, 0n)
    if (sum !== amount || split.portions.some((it) => it.amount < 0n))
      throw new FuzzFailure(`parts of ${amount} that do not sum to it: ${toHex(bytes)}`)
  }
  return true
}

/** True for a frame that asks. */
function takesFrame(bytes: Uint8Array, watch: Watch): boolean {
  const answer = watch.run('readAnswer', bytes, () => readAnswer(bytes, 50n))
  if (answer.amount < 0n || answer.amount > 50n) throw new FuzzFailure(`more than asked: ${toHex(bytes)}`)
  const ask = watch.run('readAsk', bytes, () => readAsk(bytes, NAS))
  if (ask === null) return false
  if (!equalBytes(encodeAsk(ask), bytes)) throw new FuzzFailure(`two encodings of one ask: ${toHex(bytes)}`)
  watch.run('readPastRows', ask.has, () => readPastRows(ask.has))
  return true
}

function drawFrame(random: SeededRandom): Uint8Array {
  const amount = pick([1n, 40n, 2n ** 63n - 1n], random)
  const commits = pick([null, 1, 20_000, 20_001], random)
  if (random.below(2) === 0)
    return encodeAnswer({ amount: pick([0n, amount], random), why: 'too-soon', commits })
  const reason = pick<AskReason>(['low', 'even', 'forecast', 'person'], random)
  return encodeAsk({ unit: EUR.id, amount, reason, has: new Uint8Array(pick([0, 68, 69], random)).fill(1) })
}

/** A file as people and spreadsheets write it, mostly a good one. */
function drawFile(random: SeededRandom): Uint8Array {
  const separator = pick([',', ';', '\t'], random)
  const end = pick(['\n', '\r\n', '\r'], random)
  const columns = BALANCE_COLUMNS.filter((it) => NEEDED.includes(it) || random.below(3) > 0)
  const rows = Array.from({ length: 1 + random.below(6) }, () => {
    const row: Readonly<Record<string, string>> = {
      ...pick(ITEMS, random),
      ...pick(HOLDERS, random),
      memo: pick(MEMOS, random),
      ...(random.below(20) === 0 ? { [pick(columns, random)]: pick(ODD, random) } : {}),
    }
    return columns.map((it) => quoted(row[it] ?? '', separator, random)).join(separator)
  })
  const start = pick(['', '', '\ufeff', `sep=${separator}${end}`], random)
  return new TextEncoder().encode(start + [columns.join(separator), ...rows].join(end) + end)
}

function quoted(text: string, separator: string, random: SeededRandom): string {
  const isNeeded = text.includes(separator) || text.includes('"')
  return isNeeded || random.below(6) === 0 ? `"${text.replaceAll('"', '""')}"` : text
}

const CONTEXT: ImportContext = {
  units: [EUR],
  holders: [
    { device: 'd1'.repeat(32), member: 'a1'.repeat(32), deviceName: 'till', memberName: 'Ann' },
    { device: NAS, member: 'b2'.repeat(32), deviceName: 'nas', memberName: 'Ben' },
    { device: 'd3'.repeat(32), member: 'b2'.repeat(32), deviceName: 'box', memberName: 'Ben' },
  ],
  self: 'd1'.repeat(32),
}

const NEEDED = ['code', 'kind', 'scale', 'amount']
const ITEMS = [
  { code: 'EUR', unit: EUR.id, kind: 'money', scale: '2', amount: '12.50' },
  { code: 'EUR', unit: EUR.id, kind: '', scale: '', amount: '92233720368547758.07' },
  ...IMPORT_KINDS.map((kind, i) => ({ code: `NEW-${i}`, kind, scale: '0', amount: '9223372036854775807' })),
  ...IMPORT_KINDS.map((kind, i) => ({ code: `NEW-${i}`, kind, scale: '0', amount: '40' })),
]
const HOLDERS = [{}, {}, { device: 'nas' }, { device: NAS }, { member: 'Ann' }]
const MEMOS = ['', 'van', 'two "good" ones', "'=SUM(A1)", 'a;b,c']
const ODD = ['0', '-3', '1,5', '=1+1', '1e9', '19', 'd2d2', 'Ben', 'admission', '\u202e', 'x'.repeat(201)]
