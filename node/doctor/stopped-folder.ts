import { readFile, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { CoopError, asCoopError, systemCode } from '#node/errors'
import { FindingLog } from '#node/findings'
import { FOLDER_FORMAT, formatText, lockHolder, readFormat, writeDurably } from '#node/folder'
import { CoopNode } from '#node/host'
import type { NodeConfig } from '#node/host'
import { checkDatabase } from '#node/leveldb'
import { StoreUnreadable } from '#node/store'
import { Examination } from './examination.ts'
import type { DoctorOptions, DoctorReport } from './examination.ts'
import { examineNode } from './doctor.ts'
import type { DoctorWatch } from './doctor.ts'

/**
 * Looks at a folder that no node runs on. It is opened as a start would open it, without the mesh; what every start
 * repairs is repaired. With `repair` a database that does not open is moved aside: what others hold comes back from
 * them, this device's own identity is taken from the copies beside the database.
 */
export async function examineFolder(
  config: NodeConfig,
  options: DoctorOptions,
  watch: DoctorWatch,
): Promise<DoctorReport> {
  const { dataPath } = config
  const names = await readdir(dataPath).catch((cause: unknown): string[] => {
    if (systemCode(cause) === 'ENOENT') return []
    throw cause
  })
  if (names.length === 0)
    throw new CoopError(
      'not-founded',
      `there is no data folder at ${dataPath}`,
      'Name it with --data or COOP_DATA.',
    )
  const holder = await lockHolder(dataPath)
  if (holder !== null) {
    const message = `the data folder ${dataPath} is in use by process ${holder}`
    throw new CoopError('data-locked', message, 'Wait until it has started, or end it.')
  }
  const before = new FindingLog()
  const run = new Examination({ options, findings: before, ...watch })
  if (options.repair) await repairFormat(dataPath, run)
  await checkFiles(dataPath, run)
  const node = await openNode(config, options, run)
  if (node === null) return run.report(null)
  for (const finding of before.all()) node.findings.note(finding)
  try {
    return await examineNode(node, options, { ...watch, isStopped: true })
  } finally {
    await node.close()
  }
}

/** A damaged name of the format is written anew: whoever asks for a repair says that the folder is of this version. */
async function repairFormat(path: string, run: Examination): Promise<void> {
  const text = await readFile(join(path, 'format'), 'utf8').catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return null
    throw cause
  })
  if (text === null || readFormat(text) !== null) return
  await writeDurably(join(path, 'format'), formatText(FOLDER_FORMAT))
  run.note({
    code: 'folder-format',
    where: 'format',
    severity: 'repaired',
    message: 'the file that names the format of the folder was damaged',
    action: 'It was written anew.',
  })
}

/** Names damaged files of the database before it is opened; opening it replaces them. */
async function checkFiles(path: string, run: Examination): Promise<void> {
  run.progress('files of the database', 0, 1)
  const storePath = join(path, 'store')
  const damage = await checkDatabase(storePath, 'all')
  if (damage.length === 0) return
  // The opening looks at everything, too.
  await writeDurably(`${storePath}.open`, 'damaged')
}

/** Opens the node; null when it does not open, which is noted then. */
async function openNode(
  config: NodeConfig,
  options: DoctorOptions,
  run: Examination,
): Promise<CoopNode | null> {
  try {
    return await CoopNode.open(config)
  } catch (cause) {
    const error = asCoopError(cause)
    if (error.code !== 'data-damaged') throw cause
    const isStore = cause instanceof StoreUnreadable
    run.note({
      code: isStore ? 'store-files' : 'setting',
      where: config.dataPath,
      severity: isStore && options.repair ? 'repaired' : 'lost',
      message: error.message,
      action: isStore && !options.repair ? '`coop doctor --repair` moves the database aside.' : error.next,
    })
    if (!isStore || !options.repair) return null
  }
  const aside = await moveAside(join(config.dataPath, 'store'))
  run.note({
    code: 'store-files',
    where: config.dataPath,
    severity: 'repaired',
    message: 'the database did not open, not even from what is whole of it',
    action: `It was moved to ${aside}. Start the node: it fetches everything that others hold, and its own commits, before it writes.`,
  })
  return CoopNode.open(config)
}

async function moveAside(path: string): Promise<string> {
  const aside = `${path}.aside-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`
  await rename(path, aside)
  return aside
}
