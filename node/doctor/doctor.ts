import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CATALOGUE, CatalogueState } from '#protocol/catalogue'
import type { Engine } from '#node/engine'
import { cidText } from '#node/host'
import type { CoopNode } from '#node/host'
import { checkDatabase } from '#node/leveldb'
import { checkAssets } from './asset-check.ts'
import { checkDocuments } from './document-check.ts'
import { Examination } from './examination.ts'
import type { DoctorOptions, DoctorProgress, DoctorReport } from './examination.ts'
import { checkClock, checkFolder } from './folder-check.ts'
import { checkLog } from './log-check.ts'
import { checkValues } from './value-check.ts'

/** How long a repair waits for peers that are connected. A guess: a batch of commits or a few leaves. */
const PEERS_TIMEOUT_MS = 15_000
const LOOK_EVERY_MS = 100

/** Whom the doctor tells, and whether it is still wanted. */
export interface DoctorWatch {
  onProgress: (progress: DoctorProgress) => void
  signal: AbortSignal
}

/**
 * Looks at everything that an open node keeps on its disk. `isStopped`: nobody else uses the node; then all documents
 * are put together.
 */
export async function examineNode(
  node: CoopNode,
  options: DoctorOptions,
  watch: DoctorWatch & { isStopped: boolean },
): Promise<DoctorReport> {
  const { sha256 } = node.crypto
  const engine = node.membershipOrNull?.engine ?? null
  const run = new Examination({ options, findings: node.findings, ...watch })
  await checkFolder(node.folder.path, run)
  await checkFiles(node, run)
  await checkValues(node.store, { engine, sha256 }, run)
  if (engine !== null) {
    await checkLog(engine, sha256, run)
    await checkDocuments(engine, run, watch.isStopped)
    checkClock(await lastOwnMs(engine), Date.now(), run)
  }
  await checkAssets(
    {
      ...{ assets: node.desk.assets, sha256, assetsPath: node.folder.assetsPath },
      positionPath: join(node.folder.path, 'doctor.json'),
      stated: async () => (engine === null ? [] : statedCids(engine)),
      take: (cid) => node.desk.repair.take(cid),
    },
    run,
  )
  await node.desk.repair.settled()
  if (options.repair && engine !== null) await untilRepaired(node, engine, run)
  return run.report(node.key.isSealed)
}

/** Checksums of the database's files. LevelDB itself does not look at them. */
async function checkFiles(node: CoopNode, run: Examination): Promise<void> {
  run.progress('files of the database', 0, 1)
  // The manifest and the log of an open database may end in the middle of a record.
  const damage = (await checkDatabase(node.folder.storePath, 'all')).filter((it) => it.kind !== 'torn')
  if (damage.length === 0) return
  await node.store.checkAtNextOpening()
  for (const { file, at, kind } of damage)
    run.note({
      code: 'store-files',
      where: at === undefined ? file : `${file} at ${at}`,
      severity: 'pending',
      message:
        kind === 'missing' ? `the file ${file} of the database is missing` : `the file ${file} is damaged`,
      action: 'The next start puts the database together anew from what is whole.',
    })
}

/** Time of this device's last commit; null when there is none that can be read. */
async function lastOwnMs(engine: Engine): Promise<number | null> {
  const { history, device } = engine.replica
  const own = history.findDevice(Buffer.from(device ?? '', 'hex'))
  const [branch] = history.branchesOf(own)
  const [record] = branch === undefined ? [] : await engine.read([branch.end])
  return record?.header.timeMs ?? null
}

async function statedCids(engine: Engine): Promise<string[]> {
  const catalogue = await engine.open(CATALOGUE).catch(() => null)
  if (!(catalogue instanceof CatalogueState)) return []
  const own = engine.replica.device ?? ''
  return [...catalogue.holders].flatMap(([cid, holders]) => (holders.has(own) ? [textOf(cid)] : []))
}

function textOf(hex: string): string {
  return cidText(Buffer.from(hex, 'hex'))
}

/** Waits a while for what connected peers can bring. */
async function untilRepaired(node: CoopNode, engine: Engine, run: Examination): Promise<void> {
  const isDone = async (): Promise<boolean> =>
    engine.damaged.length === 0 &&
    !engine.hasLoose &&
    engine.replica.documents.holes.wanted().length === 0 &&
    (await node.desk.assets.toFetch()).length === 0
  const canWait = (): boolean => (node.mesh?.connectedDevices().length ?? 0) > 0
  for (
    const endMs = Date.now() + PEERS_TIMEOUT_MS;
    Date.now() < endMs && canWait();
    await sleep(LOOK_EVERY_MS)
  ) {
    if (await isDone()) break
    run.progress('waiting for other devices', 0, 1)
  }
  // What was noted as missing may be here now.
  const left = new Set(await node.desk.assets.toFetch())
  for (const finding of run.findings.all()) {
    if (finding.severity !== 'pending') continue
    if (finding.code === 'asset-incomplete' && !left.has(finding.where))
      run.note({ ...finding, severity: 'repaired', action: 'It is whole again.' })
    const isHere = finding.code === 'asset-file' && (await node.desk.assets.get(finding.where)) !== null
    if (isHere) run.note({ ...finding, severity: 'repaired', action: 'It was fetched again.' })
    const isFilled =
      finding.code === 'payload-missing' &&
      (engine.replica.documentLog(finding.where)?.wantedCount ?? 0) === 0
    if (isFilled) run.note({ ...finding, severity: 'repaired', action: 'They are here again.' })
    if (finding.code === 'document' && (await isWhole(engine, finding.where)))
      run.note({ ...finding, severity: 'repaired', action: 'It is whole again.' })
  }
}

async function isWhole(engine: Engine, document: string): Promise<boolean> {
  return engine.open(document).then(
    () => true,
    () => false,
  )
}
