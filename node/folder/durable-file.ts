import { open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Replaces a file so that after any crash it holds the old or the new content, readable by its owner alone. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncFolder(dirname(path))
}

/** Makes renames in a folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/**
 * Removes new files that a crash kept from taking their places, so that none is left that holds a secret in a form that
 * its owner did away with.
 */
export async function dropUnfinished(folder: string): Promise<void> {
  const left = (await readdir(folder)).filter((name) => /\.\d+\.new$/.test(name))
  for (const name of left) await rm(join(folder, name), { force: true })
  if (left.length > 0) await syncFolder(folder)
}
