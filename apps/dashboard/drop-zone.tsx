import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Icon } from './icon.tsx'
import { useNode } from './node-context.ts'

/** Takes files: chosen, or dropped. */
export function DropZone(props: {
  label: string
  /** Where there is a mouse. */
  hint: string
  /** Endings of file names that are offered; left out: all, several at once. */
  accept?: string
  testId: string
  onFiles: (files: readonly File[]) => void
}): JSX.Element {
  const { label, hint, accept, testId, onFiles } = props
  const { announce } = useNode()
  const [isOver, setOver] = useState(false)
  useEffect(() => {
    // A file that misses the zone would otherwise replace the page.
    const ignore = (event: DragEvent): void => event.preventDefault()
    addEventListener('dragover', ignore)
    addEventListener('drop', ignore)
    return () => {
      removeEventListener('dragover', ignore)
      removeEventListener('drop', ignore)
    }
  }, [])
  const onDrop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    const items = [...(event.dataTransfer?.items ?? [])].filter((item) => item.kind === 'file')
    const files = items.flatMap((item) => {
      const isFolder = item.webkitGetAsEntry()?.isDirectory === true
      const file = isFolder ? null : item.getAsFile()
      return file === null ? [] : [file]
    })
    if (files.length < items.length) announce('Folders cannot be dropped here. Use `coop add` on the device.')
    if (files.length > 0) onFiles(files)
  }
  return (
    <label
      class={isOver ? 'drop-zone drop-zone-over' : 'drop-zone'}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <input
        type="file"
        multiple={accept === undefined}
        {...(accept === undefined ? {} : { accept })}
        class="visually-hidden"
        data-testid={testId}
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])])
          event.currentTarget.value = ''
        }}
      />
      <span class="button button-primary">
        <Icon name="upload" />
        {label}
      </span>
      <span class="muted drop-hint">{hint}</span>
    </label>
  )
}
