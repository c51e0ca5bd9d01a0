import { EXIT_CODES } from '#node/errors'
import type { DoctorReport } from '#node/doctor'
import { NodeClient } from './client.ts'
import type { Progress } from './client.ts'
import type { Globals } from './main.ts'
import { ProgressLine, bytesText, paint, printResult, safe } from './output.ts'

/**
 * `coop doctor`: looks at everything on the disk, through the running node or in this process. Ends with the code of
 * `data-damaged` while something is damaged, of `data-repaired` when all of it was repaired; the report is printed all
 * the same.
 */
export async function doctorCommand(
  globals: Globals,
  options: { repair: boolean; assets: boolean },
): Promise<void> {
  const line = new ProgressLine(globals)
  const show = ({ path, doneBytes, totalBytes }: Progress): void => {
    const percent = totalBytes === 0 ? '' : ` ${Math.floor((doneBytes / totalBytes) * 100)} %`
    line.show(`${path}${percent}`)
  }
  try {
    const report = await examine(globals, options, show)
    line.clear()
    if (report.verdict === 'damaged') process.exitCode = EXIT_CODES['data-damaged']
    if (report.verdict === 'repaired') process.exitCode = EXIT_CODES['data-repaired']
    printResult(globals, report, reportText(report, options.assets))
  } finally {
    line.clear()
  }
}

async function examine(
  globals: Globals,
  options: { repair: boolean; assets: boolean },
  show: (progress: Progress) => void,
): Promise<DoctorReport> {
  const client = await NodeClient.find(globals.data)
  if (client !== null) return (await client.run('/v1/doctor', options, show)) as DoctorReport
  // Loaded when it is needed, as the mesh is.
  const [{ examineFolder }, { configOf }] = await Promise.all([
    import('#node/doctor'),
    import('./open-node.ts'),
  ])
  const stopper = new AbortController()
  const stop = (): void => stopper.abort()
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    const watch = { onProgress: show, signal: stopper.signal }
    return await examineFolder(await configOf({ ...globals, mdns: false }), options, watch)
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

function reportText(report: DoctorReport, isFull: boolean): string {
  const { checked, findings, verdict } = report
  const read = `${bytesText(checked.assetBytes)} read${isFull ? '' : ', a sample: --assets reads every byte'}`
  const lines = findings.flatMap((it) => [
    `${markOf(it.severity)} ${safe(it.message)}`,
    `         ${paint('2', '→')} ${safe(it.action)}`,
  ])
  if (report.omitted > 0) lines.push(`         and ${report.omitted} more`)
  const looked =
    `${checked.commits} commits, ${checked.signatures} signatures, ${checked.documents} documents, ` +
    `${checked.values} values, ${checked.assets} asset parts (${read})`
  const summary = [`${VERDICTS[verdict]}: looked at ${looked}`, ...keyText(report.isKeySealed)]
  return [...lines, ...(lines.length > 0 ? [''] : []), ...summary].join('\n')
}

function keyText(isSealed: boolean | null): string[] {
  if (isSealed === null) return []
  return [
    isSealed
      ? 'the device key is sealed by a passphrase'
      : 'the device key is protected by its file mode alone; `coop passphrase set` seals it',
  ]
}

const VERDICTS = {
  whole: 'everything is whole',
  repaired: 'all that was damaged is whole again',
  damaged: 'something is damaged',
} as const

function markOf(severity: DoctorReport['findings'][number]['severity']): string {
  const colours = { note: '2', repaired: '32', pending: '33', lost: '31' }
  return paint(colours[severity], severity.padEnd(8))
}
