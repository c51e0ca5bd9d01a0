import { readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LEAF_BYTES, leafCount } from '#protocol/asset'
import { examineNode } from '#node/doctor'
import type { DoctorReport } from '#node/doctor'
import { CoopError } from '#node/errors'
import type { CoopNode } from '#node/host'
import { copyFolder, openFolder, stateOf } from './rot-folder.ts'
import type { RotFolder } from './rot-folder.ts'

/** One change to one file. */
export interface Rot {
  /** Path in the folder. */
  file: string
  at: number
  /** Bit that is flipped; null to cut the file off there; 'hole' for 64 zeros. */
  bit: number | null | 'hole'
}

/**
 * What came of it. `same`: nothing is different. `refused`: the folder does not open, by name. `healed`: it was
 * different or named, and is as before after other devices gave what they hold.
 */
export interface RotOutcome {
  kind: 'same' | 'noted' | 'healed' | 'refused'
  /** What must not happen. */
  faults: string[]
  findings: string[]
}

/** A trial that takes longer hangs. Far above what one takes on a slow machine. */
const TIMEOUT_MS = 30_000
/** Files that hold what nothing else holds: without them the folder must say so and stay shut. */
const IRREPLACEABLE: ReadonlySet<string> = new Set(['device.key'])

/** Damages a copy of a folder, opens it, and judges what it shows before and after peers gave what they hold. */
export async function runTrial(folder: RotFolder, path: string, rot: Rot): Promise<RotOutcome> {
  await copyFolder(folder.path, path)
  await damage(join(path, rot.file), rot)
  const timer = new AbortController()
  const hanging = sleep(TIMEOUT_MS, null, { signal: timer.signal }).then(
    (): RotOutcome => ({ kind: 'same', faults: ['it hangs'], findings: [] }),
    (): RotOutcome => ({ kind: 'same', faults: [], findings: [] }),
  )
  try {
    return await Promise.race([examine(folder, path, rot), hanging])
  } finally {
    timer.abort()
  }
}

async function examine(folder: RotFolder, path: string, rot: Rot): Promise<RotOutcome> {
  let node: CoopNode
  try {
    node = await openFolder(path)
  } catch (cause) {
    const isNamed = cause instanceof CoopError && IRREPLACEABLE.has(rot.file) && cause.code === 'data-damaged'
    return { kind: 'refused', faults: isNamed ? [] : [`it does not open: ${String(cause)}`], findings: [] }
  }
  try {
    return await judge(folder, node)
  } finally {
    await node.close()
  }
}

async function judge(folder: RotFolder, node: CoopNode): Promise<RotOutcome> {
  const faults: string[] = []
  const signal = new AbortController().signal
  const watch = { onProgress: () => null, signal, isStopped: true }
  const before = JSON.stringify(await stateOf(node))
  const isSame = before === JSON.stringify(folder.state)
  const report = await examineNode(node, { repair: false, assets: true }, watch)
  const wrong = await wrongAssets(folder, node)
  if (!isSame && report.verdict === 'whole') faults.push(`it is different and called whole: ${before}`)
  if (wrong.length > 0 && report.verdict !== 'damaged')
    faults.push(`assets cannot be read and are not named: ${wrong.join(' ')}`)
  faults.push(...wrongClaims(report, node))
  // Another device is connected: it has every commit.
  node.membership.engine.ingest(folder.records)
  await node.membership.engine.durable()
  for (let tries = 0; node.membership.engine.hasLoose && tries < 100; tries += 1) await sleep(50)
  const after = await stateOf(node)
  // What it holds of assets comes from other devices alone.
  const expected = { ...folder.state, held: after.held }
  if (JSON.stringify(after) !== JSON.stringify(expected))
    faults.push(
      `not as before after the repair: ${JSON.stringify(after)} instead of ${JSON.stringify(expected)}`,
    )
  if (node.membership.engine.damaged.length > 0) faults.push('commits are damaged after they came again')
  const refusal = node.membership.engine.writeRefusal
  if (refusal !== null) faults.push(`it does not write again: ${refusal.message}`)
  else await (await node.boardWriter('prices')).set('after', 'the repair')
  const findings = report.findings.map((it) => `${it.code} ${it.severity}`)
  return {
    kind: !isSame || report.verdict !== 'whole' ? 'healed' : findings.length > 0 ? 'noted' : 'same',
    faults,
    findings,
  }
}

/** Assets whose bytes are not given out. Wrong bytes are never: every leaf is checked when it is read. */
async function wrongAssets(folder: RotFolder, node: CoopNode): Promise<string[]> {
  const { assets } = node.desk
  const wrong = new Set<string>()
  for (const root of folder.assets) {
    for await (const { cid, asset } of assets.parts(root)) {
      if (asset === null) wrong.add(cid)
      if (asset?.kind !== 'file') continue
      const handle = await assets.openFile(cid).catch(() => null)
      if (handle === null) {
        wrong.add(cid)
        continue
      }
      for (let index = 0; index < leafCount(asset.sizeBytes); index += 1) {
        const leaf = await assets.isLeafWhole(asset, handle, index)
        if (!leaf) wrong.add(`${cid}/${index * LEAF_BYTES}`)
      }
      await handle.close()
    }
  }
  return [...wrong]
}

/** What a report says must fit what the node can do. */
function wrongClaims(report: DoctorReport, node: CoopNode): string[] {
  const { engine } = node.membership
  const isLess = engine.damaged.length > 0 || engine.hasLoose || engine.missingCount > 0
  return isLess && report.verdict !== 'damaged'
    ? [`commits are missing and the verdict is ${report.verdict}`]
    : []
}

async function damage(path: string, { at, bit }: Rot): Promise<void> {
  if (bit === null) return truncate(path, at)
  const bytes = await readFile(path)
  if (bit === 'hole') bytes.subarray(at, at + 64).fill(0)
  else bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
  return writeFile(path, bytes)
}
