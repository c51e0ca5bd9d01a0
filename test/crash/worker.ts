import { openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { seededRandom } from '#simulations/mesh'
import { systemCode } from '#node/errors'
import { Burst } from './burst.ts'
import { runFailures } from './failed-writes-worker.ts'
import { inspect, seenCommit } from './inspection.ts'
import type { ReportLine } from './report.ts'
import { OtherDevices, listing, scriptedCoop } from './scripted-coop.ts'
import { TestDevice } from './test-device.ts'

/** What a worker is started with, as JSON in its first argument. */
export interface BurstOrder {
  do: 'burst'
  folder: string
  /** Seed of the co-op. */
  seed: number
  /** Seed of this burst. */
  burstSeed: number
  hasAssets: boolean
  /** Whether the states are compared too, when the folder is opened. */
  isThorough: boolean
  commits: number
  largePercent: number
  /** File that takes the report, or null for the standard output. */
  report: string | null
}

/** Opens the folders that are named on the standard input, one after the other, and tells what is in them. */
export interface InspectOrder {
  do: 'inspect'
}

/** One folder for a worker that inspects. */
export interface InspectRequest {
  folder: string
  seed: number
}

/** Fails one write after the other, under the shim. */
export interface FailOrder {
  do: 'fail'
  /** Folder for the folders of all cases. */
  folder: string
  /** File of the switch. */
  control: string
  seed: number
}

/** All that a worker can be asked for. */
export type WorkerOrder = BurstOrder | InspectOrder | FailOrder

const PAUSE = new Int32Array(new SharedArrayBuffer(4))

const order = JSON.parse(process.argv[2] ?? '') as WorkerOrder
switch (order.do) {
  case 'burst':
    await burst(order)
    break
  case 'inspect':
    await inspectAll()
    break
  case 'fail':
    await runFailures(order, tell(1))
    break
}

/** Writes each line before anything else happens: what was told is told even if the next thing is a kill. */
function tell(descriptor: number): (line: unknown) => void {
  return (line) => {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
    for (let at = 0; at < bytes.length;) at += writeSome(descriptor, bytes.subarray(at))
  }
}

/** Bytes that went out; 0 when the pipe is full, after a moment in which its reader can go on. */
function writeSome(descriptor: number, bytes: Uint8Array): number {
  try {
    return writeSync(descriptor, bytes)
  } catch (cause) {
    if (systemCode(cause) !== 'EAGAIN') throw cause
    Atomics.wait(PAUSE, 0, 0, 1)
    return 0
  }
}

async function burst(order: BurstOrder): Promise<void> {
  const report: (line: ReportLine) => void = tell(order.report === null ? 1 : openSync(order.report, 'a'))
  const device = await TestDevice.open(order.folder, scriptedCoop(order.seed), order.hasAssets)
  report({ t: 'opened', openMs: device.openMs })
  const { lines, heads } = await inspect(device, order.isThorough)
  for (const line of lines) report(line)
  const { commits, largePercent } = order
  const random = seededRandom(order.burstSeed)
  await new Burst(device, { random, limits: { commits, largePercent }, report }).run(heads)
  report({ t: 'done' })
  await device.close()
}

async function inspectAll(): Promise<void> {
  const report: (line: ReportLine) => void = tell(1)
  for await (const text of createInterface({ input: process.stdin })) {
    const request = JSON.parse(text) as InspectRequest
    try {
      await inspectAndGoOn(request, report)
    } catch (cause) {
      report({ t: 'fault', text: `the folder does not open: ${describe(cause)}` })
    }
    report({ t: 'done' })
  }
}

/** What is there, and that it can be gone on with. */
async function inspectAndGoOn(request: InspectRequest, report: (line: ReportLine) => void): Promise<void> {
  const coop = scriptedCoop(request.seed)
  const device = await TestDevice.open(request.folder, coop, true)
  try {
    report({ t: 'opened', openMs: device.openMs })
    const { lines, heads } = await inspect(device)
    for (const line of lines) report(line)
    const own = await device.engine.append([listing('after', 1, coop.crypto)])
    report({ t: 'kept', ...seenCommit(device, own) })
    const others = new OtherDevices(coop, heads).next(3)
    const { refused } = device.engine.ingest(others)
    if (refused[0] !== undefined) report({ t: 'fault', text: `refused: ${refused[0].refusal}` })
    await device.engine.durable()
    for (const record of others) report({ t: 'kept', ...seenCommit(device, record) })
    // What the store found, it found when it was opened.
    for (const line of (await inspect(device)).lines) if (line.t !== 'finding') report(line)
  } finally {
    await device.close()
  }
}

function describe(cause: unknown): string {
  const parts: string[] = []
  for (let error = cause; error instanceof Error && parts.length < 4; error = error.cause) {
    parts.push('code' in error ? `${String(error.code)}: ${error.message}` : error.message)
  }
  return parts.join(' <- ')
}
