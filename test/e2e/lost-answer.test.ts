import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { membersView } from '#node/host'
import { ROOT, isErrorBody, stateOfFolder } from '../actors/node-process.ts'
import type { ErrorBody, NodeProcess } from '../actors/node-process.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

let bench: Workbench
let nas: NodeProcess

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
})
afterAll(async () => bench.close())

async function members(): Promise<string[]> {
  const view = (await nas.api('GET', '/v1/members')) as ReturnType<typeof membersView>
  return view.members.map((it) => it.member)
}

/** `coop join` that is ended by `signal` as soon as the device is on the roster. */
async function cutJoin(name: string, link: string, signal: NodeJS.Signals, afterMs: number): Promise<string> {
  const before = (await members()).length
  const args = [join(ROOT, 'node', 'coop.mjs'), '--data', bench.file(name), 'join', link, '--json']
  const env = { ...process.env, COOP_STATE: stateOfFolder(bench.file(name)) }
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'ignore'] })
  let stdout = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')))
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  await until('the device is admitted', async () => (await members()).length > before)
  setTimeout(() => child.kill(signal), afterMs)
  await gone
  return stdout
}

test('a device that was killed before it heard of its admission shows the recovery kit of the roster when it asks again', async () => {
  const link = await nas.invite('venue')
  expect(await cutJoin('killed', link, 'SIGKILL', 0)).toBe('')
  const again = await bench.coop('killed', 'join', link, '--json')
  const answer = JSON.parse(again.stdout) as { member?: string; error?: { code: string } }
  // If the answer had been stored, the folder says so; it must never show another key than the roster has.
  if (answer.error === undefined) expect(await members()).toContain(answer.member)
  else expect(answer.error.code).toBe('already-founded')
})

test('Ctrl-C during the first sync still shows the recovery kit, or leaves the way free to ask again', async () => {
  const link = await nas.invite('venue')
  type Answer = { member: string; recoveryKit: { words: string } }
  const shown = JSON.parse(await cutJoin('interrupted', link, 'SIGINT', 60)) as Answer | ErrorBody
  if (isErrorBody(shown)) expect(shown.error.code).toBe('interrupted')
  const answer = isErrorBody(shown)
    ? (JSON.parse((await bench.coop('interrupted', 'join', link, '--json')).stdout) as Answer)
    : shown
  expect(await members()).toContain(answer.member)
  expect(answer.recoveryKit.words.split(' ')).toHaveLength(24)
})
