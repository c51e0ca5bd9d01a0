import { decodeRecord } from '#protocol/commit'
import type { Sha256 } from '#protocol/identity'
import type { Engine } from '#node/engine'
import { lateKeyOf, waitingKey } from '#node/log'
import { orderOf } from '#node/store'
import type { Store, StoreChange } from '#node/store'
import type { Examination } from './examination.ts'

/** Beginnings of the keys that a store has. */
const KNOWN = ['a/', 'c/', 'f/', 'g/', 'h/', 'i/', 'l/', 'm/', 'n/', 'p/', 'r/', 'w/', 'x/']

/**
 * Reads every value of the store but those of the commit log, which `checkLog` reads. Of what can be made anew the
 * damaged value is removed when `--repair` was asked for.
 */
export async function checkValues(
  store: Store,
  parts: { engine: Engine | null; sha256: Sha256 },
  run: Examination,
): Promise<void> {
  const blocks = new Set(parts.engine?.blockStarts() ?? [])
  const changes: StoreChange[] = []
  for await (const key of store.keys('')) {
    if (!KNOWN.some((prefix) => key.startsWith(prefix)) || isStray(key, blocks, parts.engine !== null)) {
      noteStray(key, run)
      if (run.options.repair) changes.push({ type: 'del', key })
      continue
    }
    if (key.startsWith('c/')) continue
    run.checked.values += 1
    if (run.checked.values % 1_000 === 0) run.progress('values', run.checked.values, run.checked.values)
    if (isStrayLate(key, parts.engine)) {
      noteStray(key, run)
      if (run.options.repair) changes.push({ type: 'del', key })
      continue
    }
    const read = await store.read(key)
    if (read.state === 'damaged' && isReplaceable(key) && run.options.repair)
      changes.push({ type: 'del', key })
    if (read.state === 'whole' && key.startsWith('w/') && !isWaiting(key, read.value, parts.sha256)) {
      noteStray(key, run)
      if (run.options.repair) changes.push({ type: 'del', key })
    }
  }
  if (changes.length > 0) await store.write(changes)
  for (const change of changes) settleStray(change.key, run)
}

/** A late payload of no commit that is here; while commits wait to be taken in again it may be one of theirs. */
function isStrayLate(key: string, engine: Engine | null): boolean {
  if (!key.startsWith('l/') || engine === null) return false
  const late = lateKeyOf(key)
  if (late === null) return true
  const order = engine.replica.history.find(late.id)
  if (order < 0) return !engine.hasLoose
  return (engine.replica.documentLog(late.document)?.placeOf(order) ?? -1) < 0
}

/** Values that are made anew from others, or that peers send again. */
function isReplaceable(key: string): boolean {
  return ['f/', 'g/', 'i/', 'l/', 'w/', 'p/', 'h/', 'r/'].some((prefix) => key.startsWith(prefix))
}

/** A block of the log whose key names no place where a block begins: a flipped bit made it. */
function isStray(key: string, blocks: ReadonlySet<number>, isKnown: boolean): boolean {
  if (!/^[cix]\//.test(key)) return false
  const order = orderOf(key)
  if (order === null) return true
  // More may have been appended meanwhile.
  const last = Math.max(-1, ...[...blocks].slice(-1))
  return key.startsWith('c/') && isKnown && order < last && !blocks.has(order)
}

function isWaiting(key: string, value: Uint8Array, sha256: Sha256): boolean {
  const decoded = decodeRecord(value, sha256)
  return decoded.ok && waitingKey(decoded.record.id) === key
}

function noteStray(key: string, run: Examination): void {
  run.note({
    code: 'store-key',
    where: key,
    severity: 'note',
    message: `the store has a value under '${key}' that nothing uses`,
    action: run.options.repair ? 'It is removed.' : '`coop doctor --repair` removes it.',
  })
}

function settleStray(key: string, run: Examination): void {
  const known = run.findings.all().find((it) => it.code === 'store-key' && it.where === key)
  if (known !== undefined) run.note({ ...known, action: 'It was removed.' })
}
