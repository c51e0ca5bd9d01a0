import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Icon } from './icon.tsx'
import { useNode } from './node-context.ts'
import { shortenId } from './format.ts'

const SHOWN_MS = 2_000

/** Copies `text`. `what` names it for people; with `isIcon` the name is not shown. */
export function CopyButton(props: { text: string; what: string; isIcon?: boolean }): JSX.Element {
  const { announce } = useNode()
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [isCopied])
  const onClick = (): void => {
    void copyText(props.text).then((isDone) => {
      setCopied(isDone)
      announce(isDone ? `Copied ${props.what}` : 'This browser does not let the page copy. Select the text.')
      return isDone
    })
  }
  const icon = <Icon name={isCopied ? 'check' : 'copy'} />
  if (props.isIcon === true) {
    return (
      <button
        type="button"
        class="button icon-button button-quiet"
        aria-label={`Copy ${props.what}`}
        onClick={onClick}
      >
        {icon}
      </button>
    )
  }
  return (
    <button type="button" class="button" onClick={onClick}>
      {icon}
      Copy {props.what}
    </button>
  )
}

/** A long identifier: its ends, the whole in the title and to copy. */
export function ShortId({ id, what }: { id: string; what: string }): JSX.Element {
  return (
    <span class="short-id">
      <code title={id}>{shortenId(id)}</code>
      <CopyButton text={id} what={what} isIcon />
    </span>
  )
}

/** True when the clipboard now holds `text`. */
async function copyText(text: string): Promise<boolean> {
  // The clipboard API exists only on https and localhost; a NAS is mostly opened as http://192.168….
  if (navigator.clipboard !== undefined) {
    return await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    )
  }
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'offscreen'
  const focused = document.activeElement
  document.body.append(area)
  area.select()
  const isCopied = document.execCommand('copy')
  area.remove()
  if (focused instanceof HTMLElement) focused.focus()
  return isCopied
}
