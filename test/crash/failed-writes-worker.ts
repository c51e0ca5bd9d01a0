import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { chunks } from './burst.ts'
import { readImage, writeImage } from './disk-model.ts'
import { FailureSwitch } from './disk-shim.ts'
import type { DiskError, FailureMode } from './disk-shim.ts'
import { FailureCase } from './failure-case.ts'
import type { CaseResult, ScriptName } from './failure-case.ts'
import { inspect } from './inspection.ts'
import { listing, scriptedCoop } from './scripted-coop.ts'
import type { ChainHead, ScriptedCoop } from './scripted-coop.ts'
import { TestDevice } from './test-device.ts'
import { Witness } from './witness.ts'
import type { Testimony } from './witness.ts'

/** One failed call: which script, which of its calls, how. */
export interface FailureRequest {
  script: ScriptName
  /** From 1; 0 for a run in which nothing fails, to count the calls. */
  at: number
  error: DiskError
  mode: FailureMode
}

/** What became of it. */
export interface FailureAnswer extends CaseResult {
  /** Calls that the script made. */
  count: number
  /** Of these, calls that failed. */
  fired: number
  /** The folder of a case with faults, which stays; null otherwise. */
  folder: string | null
}

/** Fails one call after the other, as the standard input asks. Runs under the shim. */
export async function runFailures(
  order: { folder: string; control: string; seed: number },
  report: (answer: FailureAnswer) => void,
): Promise<void> {
  const disk = FailureSwitch.of(order.control)
  const coop = scriptedCoop(order.seed)
  const template = join(order.folder, 'template')
  const start = await makeTemplate(template, coop)
  const image = readImage(template)
  let count = 0
  for await (const text of createInterface({ input: process.stdin })) {
    const { script, at, error, mode } = JSON.parse(text) as FailureRequest
    count += 1
    const folder = join(order.folder, `case-${count}`)
    mkdirSync(folder)
    writeImage(image, folder)
    const result = await new FailureCase(folder, { coop, disk, ...start }).run(script, () =>
      disk.arm(at, error, mode),
    )
    const isGood = result.faults.length === 0
    if (isGood) rmSync(folder, { recursive: true, force: true })
    report({ ...result, folder: isGood ? null : folder })
  }
}

/** Makes the folder that every case starts from: a co-op with some commits and an asset. Gives what it owes. */
export async function makeTemplate(
  path: string,
  coop: ScriptedCoop,
): Promise<{ testimony: Testimony; heads: ReadonlyMap<string, ChainHead> }> {
  const device = await TestDevice.open(path, coop, true)
  for (let i = 0; i < 10; i += 1) await device.engine.append([listing(`before ${i}`, 1, coop.crypto)])
  const added = await device.assets?.addFile(chunks(new Uint8Array(10_000)), () => null)
  if (added !== undefined) await device.assets?.markHeld([added.cid])
  await device.writeNote('1\n')
  const { lines, heads } = await inspect(device)
  await device.close()
  const witness = new Witness()
  witness.hear(lines)
  return { testimony: witness.testimony(), heads }
}
