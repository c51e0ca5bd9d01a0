import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { codeVersion } from '../runs/code-version.ts'
import { failureText } from '../runs/run-result.ts'
import type { Outcome, RunResult } from '../runs/run-result.ts'
import { SHRINK_SECONDS } from './run-command.ts'
import { explainedOf } from './seed-batch.ts'
import { SimError, writeError } from './sim-error.ts'
import type { SimHost } from './sim-command.ts'
import { ProgressLine } from './terminal.ts'
import { WorkerPool } from './worker-pool.ts'
import { writeFailure } from './write-failure.ts'

/** Files without which nothing can be replayed. */
const NEEDED = ['plan.json', 'result.json', 'versions.json'] as const

/** `coop sim replay`: a failure again from its folder, compared byte for byte with what is written there. */
export async function replayCommand(
  options: { folder: string; isShrunk: boolean },
  host: SimHost,
): Promise<Outcome> {
  const { terminal } = host
  const files = readFolder(options.folder)
  const before = parsed(files, 'result.json', options.folder) as RunResult
  const versions = parsed(files, 'versions.json', options.folder) as { code: string; node: string }
  const pool = new WorkerPool({ file: host.workerFile, size: 1 })
  const progress = new ProgressLine(terminal)
  const close = (): void => pool.close()
  host.signal.addEventListener('abort', close)
  try {
    const shrinkSeconds = options.isShrunk ? SHRINK_SECONDS : 0
    const answer = await pool.run({ kind: 'replay', files, shrinkSeconds }, (share, note) =>
      progress.show(share, note),
    )
    progress.clear()
    const { result, files: written, shrunk } = explainedOf(answer)
    const isSame = shrunk !== null || JSON.stringify(result) === JSON.stringify(before)
    if (!isSame) throw differs(before, result, versions.code, codeVersion(host.root).code)
    if (shrunk !== null) save(join(options.folder, 'shrunk'), written)
    if (terminal.isJson) terminal.out(`${JSON.stringify(result)}\n`)
    else {
      const same = shrunk ?? `the same again, byte for byte (digest ${result.digest.slice(0, 16)}…)`
      terminal.out(`${result.scenario} seed ${result.seed}: ${failureText(result)}\n${same}\n`)
      const folder = shrunk === null ? options.folder : join(options.folder, 'shrunk')
      terminal.out(`diagram  ${join(folder, 'space-time.svg')}\n`)
    }
    return result.outcome
  } catch (error) {
    if (!host.signal.aborted) throw error
    throw new SimError('interrupted', 'stopped', 'Nothing was changed; run the command again.', error)
  } finally {
    progress.clear()
    host.signal.removeEventListener('abort', close)
    pool.close()
  }
}

function readFolder(folder: string): Record<string, string> {
  const isFolder = existsSync(folder) && statSync(folder).isDirectory()
  const names = isFolder ? readdirSync(folder) : []
  const missing = NEEDED.filter((it) => !names.includes(it))
  if (missing.length > 0) {
    const what = isFolder ? `${folder} lacks ${missing.join(', ')}` : `there is no folder ${folder}`
    throw new SimError(
      'path-unreadable',
      `${what}: it is not the folder of a failure`,
      'Give a folder that `coop sim run` or a campaign wrote under failures/.',
    )
  }
  const texts = names.filter((it) => statSync(join(folder, it)).isFile())
  return Object.fromEntries(texts.map((it) => [it, readFileSync(join(folder, it), 'utf8')]))
}

function parsed(files: Readonly<Record<string, string>>, name: string, folder: string): unknown {
  try {
    return JSON.parse(files[name] ?? '')
  } catch (error) {
    const message = `${join(folder, name)} is no JSON: ${error instanceof Error ? error.message : String(error)}`
    throw new SimError('path-unreadable', message, 'Write the folder anew with `coop sim run --seed`.', error)
  }
}

function differs(before: RunResult, after: RunResult, codeBefore: string, codeNow: string): SimError {
  const how = `digest ${after.digest.slice(0, 16)}… (${after.outcome}), it was ${before.digest.slice(0, 16)}… (${before.outcome})`
  if (codeBefore === codeNow) {
    return new SimError(
      'replay-differs',
      `the same code ran differently: ${how}`,
      'Something depends on the machine: report it. `simulations/purity.test.ts` says what must not.',
    )
  }
  return new SimError(
    'replay-differs',
    `the code is another one (${codeNow}, it was ${codeBefore}) and runs differently: ${how}`,
    after.outcome === 'ok'
      ? 'The failure may be mended. Check with its seed in a regression.'
      : 'Run it under the code of versions.json.',
  )
}

function save(path: string, files: Readonly<Record<string, string>>): void {
  try {
    writeFailure(path, files)
  } catch (error) {
    throw writeError(error, path, 'The folder that was replayed is as it was.')
  }
}
