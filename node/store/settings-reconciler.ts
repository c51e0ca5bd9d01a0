import { isSetting } from './settings-copy.ts'
import type { SettingsCopy } from './settings-copy.ts'
import type { Store, StoreChange } from './store.ts'

/** Key of the number of changes of settings. */
export const COUNT_KEY = 'n/settings'

/** The value of `COUNT_KEY`: 8 bytes, big endian. */
export function countValue(number: number): Uint8Array {
  const value = new Uint8Array(8)
  new DataView(value.buffer).setBigUint64(0, BigInt(number))
  return value
}

/**
 * Compares the settings of a store with their copy and brings back what either lost. The one with the higher number is
 * newer; a value that is damaged is taken from the other in any case. Both are equal afterwards.
 */
export async function reconcileSettings(store: Store, copy: SettingsCopy): Promise<void> {
  const stored = new Map<string, Uint8Array>()
  for (const prefix of ['m/', 'p/'])
    for await (const batch of store.entries(prefix))
      for (const [key, value] of batch) if (isSetting(key)) stored.set(key, value.slice())
  const count = await store.read(COUNT_KEY)
  const number =
    count.state === 'whole'
      ? Number(new DataView(count.value.buffer, count.value.byteOffset).getBigUint64(0))
      : null
  const damaged = store.damagedKeys.filter(isSetting)
  const { changes, isCopyNewer } = missingFrom(stored, copy, { number, damaged })
  changes.push(...withoutLost(store, damaged, changes))
  for (const change of changes) {
    if (change.type === 'put') stored.set(change.key, change.value)
    else stored.delete(change.key)
  }
  if (copy.state === 'damaged' || (copy.state === 'missing' && (number ?? 0) > 0)) noteCopy(store, copy.state)
  for (const change of changes) if (change.type === 'put' || isCopyNewer) noteSetting(store, change.key)
  const isEqual = changes.length === 0 && count.state === 'whole' && number === copy.number
  if (isEqual || (stored.size === 0 && copy.state === 'missing' && number === null)) return
  const next = Math.max(number ?? 0, copy.number)
  copy.replace({ number: next, values: stored })
  // The write counts itself on, in the store and in the copy; so both are equal afterwards.
  if (changes.length > 0 || count.state !== 'whole' || isCopyNewer) await store.write([...changes, TOUCH])
  else await store.keepCopy()
}

/** Makes a write count as a change of settings, though it changes none. */
const TOUCH: StoreChange = { type: 'del', key: 'm/none' }

function missingFrom(
  stored: ReadonlyMap<string, Uint8Array>,
  copy: SettingsCopy,
  store: { number: number | null; damaged: readonly string[] },
): { changes: StoreChange[]; isCopyNewer: boolean } {
  const { number, values } = copy.found
  const isCopyNewer = copy.state === 'whole' && store.number !== null && number > store.number
  const isCopyGood = copy.state === 'whole' && (store.number === null || number >= store.number)
  const changes: StoreChange[] = []
  for (const [key, value] of values) {
    const own = stored.get(key)
    const isLost = own === undefined && (isCopyGood || store.damaged.includes(key))
    const isStale =
      own !== undefined && store.number !== null && isCopyGood && Buffer.compare(own, value) !== 0
    if (isLost || isStale) changes.push({ type: 'put', key, value })
  }
  if (isCopyNewer)
    for (const key of stored.keys())
      if (key.startsWith('m/') && !values.has(key)) changes.push({ type: 'del', key })
  return { changes, isCopyNewer }
}

/** Drops what neither has whole: its owner sees a setting that was never made. The genesis record is found elsewhere. */
function withoutLost(store: Store, damaged: readonly string[], found: readonly StoreChange[]): StoreChange[] {
  return damaged.flatMap((key): StoreChange[] => {
    if (key === 'm/genesis' || found.some((it) => it.key === key)) return []
    store.findings.note({
      code: 'setting',
      where: key,
      severity: 'lost',
      message: `the setting '${key}' is damaged, and so is its copy, or it has none`,
      action: 'It was removed; the node goes on as if it had never been made.',
    })
    return [{ type: 'del', key }]
  })
}

function noteSetting(store: Store, key: string): void {
  store.findings.note({
    code: 'setting',
    where: key,
    severity: 'repaired',
    message: `the setting '${key}' was lost from the database, or older there`,
    action: 'It was taken from its copy beside the database.',
  })
}

function noteCopy(store: Store, state: 'missing' | 'damaged'): void {
  store.findings.note({
    code: 'coop-file',
    where: 'store.settings',
    severity: 'repaired',
    message: `the copy of the settings was ${state}`,
    action: 'It was written anew from the database.',
  })
}
