import { useRef, useState } from 'preact/hooks'
import { problemOf } from './node-client.ts'
import type { NodeContextValue } from './node-context.ts'
import type { Problem } from './node-types.ts'

/** A file on its way to the node. */
export interface Upload {
  id: number
  name: string
  totalBytes: number
  doneBytes: number
  state: 'waiting' | 'sending' | 'failed'
  problem: Problem | null
}

/** Files on their way, and what can be done about them. */
export interface UploadQueue {
  uploads: readonly Upload[]
  add: (files: readonly File[]) => void
  /** Cancels an upload that waits or runs, and takes a failed one off the list. */
  remove: (id: number) => void
}

interface Job {
  id: number
  file: File
  stop: AbortController
}

/** Sends files one after the other: a NAS writes one file faster than five at once. */
export function useUploads({ client, announce, refresh }: NodeContextValue): UploadQueue {
  const [uploads, setUploads] = useState<readonly Upload[]>([])
  const jobs = useRef<Job[]>([])
  const isRunning = useRef(false)
  const number = useRef(0)

  const change = (id: number, part: Partial<Upload>): void => {
    setUploads((all) => all.map((upload) => (upload.id === id ? { ...upload, ...part } : upload)))
  }
  const drop = (id: number): void => setUploads((all) => all.filter((upload) => upload.id !== id))

  const send = async ({ id, file, stop }: Job): Promise<void> => {
    change(id, { state: 'sending' })
    try {
      const added = await client.upload(file, ({ doneBytes }) => change(id, { doneBytes }), stop.signal)
      const [skipped] = added.skipped
      if (skipped !== undefined) {
        const next = 'Change the file and add it again.'
        change(id, { state: 'failed', problem: { code: 'skipped', message: skipped.reason, next } })
        return
      }
      drop(id)
      announce(`Added ${file.name}`)
      refresh(['assets'])
    } catch (thrown) {
      if (stop.signal.aborted) drop(id)
      else change(id, { state: 'failed', problem: problemOf(thrown) })
    }
  }
  const work = async (): Promise<void> => {
    if (isRunning.current) return
    isRunning.current = true
    for (let job = jobs.current[0]; job !== undefined; job = jobs.current[0]) {
      if (!job.stop.signal.aborted) await send(job)
      jobs.current.shift()
    }
    isRunning.current = false
  }
  const add = (files: readonly File[]): void => {
    const added = files.map((file) => ({ id: (number.current += 1), file, stop: new AbortController() }))
    jobs.current.push(...added)
    const shown = added.map(({ id, file }): Upload => {
      return { id, name: file.name, totalBytes: file.size, doneBytes: 0, state: 'waiting', problem: null }
    })
    setUploads((all) => [...all, ...shown])
    void work()
  }
  const remove = (id: number): void => {
    jobs.current.find((job) => job.id === id)?.stop.abort()
    drop(id)
  }
  return { uploads, add, remove }
}
