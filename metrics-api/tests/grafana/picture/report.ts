// What can be seen of each panel, for the test to judge.

interface Seen {
  title: string;
  /** Every text in the panel's body. */
  texts: string[];
  /** Texts that run out of what holds them, or are not painted. */
  cut: string[];
  /** Headings of a table. */
  headings: string[];
  /** Coloured points of a chart's canvas; -1 without one. */
  painted: number;
}

export function seen(): Record<string, Seen> {
  const panels = [...document.querySelectorAll<HTMLElement>('[data-panel]')];
  return Object.fromEntries(panels.map((panel) => [panel.dataset.panel, look(panel)]));
}

/** Frames without a change of the page after which nothing more is on its way. */
const QUIET_FRAMES = 20;

/** Waits until every panel has said something, a table its cells, and the page stands still. */
export async function settled(faults: Record<string, string[]>): Promise<void> {
  let quiet = 0;
  new MutationObserver(() => (quiet = 0)).observe(document.body, { attributes: true, childList: true, subtree: true });
  while (quiet < QUIET_FRAMES) {
    await new Promise(requestAnimationFrame);
    const panels = [...document.querySelectorAll<HTMLElement>('[data-panel]')];
    quiet = panels.length > 0 && panels.every((panel) => speaks(panel, faults)) ? quiet + 1 : 0;
  }
}

function speaks(panel: HTMLElement, faults: Record<string, string[]>): boolean {
  const grids = [...panel.querySelectorAll('[role=grid]')];
  const whole = grids.every((grid) => grid.querySelector('[role=gridcell]'));
  const title = panel.querySelector('h2')?.textContent ?? '';
  const heading = panel.firstElementChild?.tagName === 'H2';
  return heading || panel.dataset.panel! in faults || (whole && panel.innerText.trim().length > title.length);
}

function look(panel: HTMLElement): Seen {
  const title = panel.querySelector('h2');
  const texts: string[] = [];
  const cut: string[] = [];
  const walker = document.createTreeWalker(panel, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent!.trim();
    if (!text || node.parentElement!.closest('style')) continue;
    if (!title?.contains(node)) texts.push(text);
    if (isCut(node, panel)) cut.push(text);
  }
  const headings = [...panel.querySelectorAll('[role=columnheader]')].map((cell) => cell.textContent!.trim());
  return { title: title?.textContent ?? '', texts, cut, headings, painted: painted(panel) };
}

const PAINTED = { contentVisibilityAuto: true, opacityProperty: true, visibilityProperty: true };

function isCut(node: Node, panel: HTMLElement): boolean {
  const range = document.createRange();
  range.selectNodeContents(node);
  const text = range.getBoundingClientRect();
  if (text.width === 0 || text.height === 0 || !node.parentElement!.checkVisibility(PAINTED)) return true;
  const rows = node.parentElement!.closest('[role=grid]');
  for (let around = node.parentElement!; ; around = around.parentElement!) {
    const { overflowX } = getComputedStyle(around);
    const frame = around.getBoundingClientRect();
    // Rows of a table are there to be scrolled through; its columns and the curves of a legend are not.
    const below = !rows && text.bottom > frame.bottom + 4;
    const out = text.left < frame.left - 1 || text.right > frame.right + 1 || below;
    if (out && (overflowX !== 'visible' || around === panel)) return true;
    if (around === panel) return false;
  }
}

function painted(panel: HTMLElement): number {
  const canvas = panel.querySelector('canvas');
  if (!canvas) return -1;
  const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
  let points = 0;
  for (let at = 0; at < data.length; at += 4) {
    const [red, green, blue] = [data[at], data[at + 1], data[at + 2]];
    if (data[at + 3] > 0 && Math.max(red, green, blue) - Math.min(red, green, blue) > 40) points += 1;
  }
  return points;
}
