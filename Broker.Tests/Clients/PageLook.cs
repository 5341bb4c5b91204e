using Broker.Tests.Support;
using Microsoft.Playwright;

namespace Broker.Tests.Clients;

/// <summary>What makes a page hard to read, found in a browser, and pictures of the page.</summary>
internal static class PageLook
{
    /// <summary>
    /// A line for each fault: the page is wider than the screen, text or what a field holds is cut, or stands out too little from what
    /// is behind it (WCAG 2.2, 1.4.3: 4.5 to 1; what is disabled is exempt).
    /// </summary>
    private const string Faults =
        """
        () => {
          const faults = new Set();
          const width = document.documentElement.scrollWidth;
          if (width > innerWidth) faults.add(`the page is ${width} wide on a screen of ${innerWidth}`);

          const ink = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
          const luminanceWith = color => {
            ink.fillStyle = color;
            ink.fillRect(0, 0, 1, 1);
            const [r, g, b] = [...ink.getImageData(0, 0, 1, 1).data].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const lineage = element => element ? [...lineage(element.parentElement), element] : [];
          const legible = (element, color, what) => {
            let behind = luminanceWith('white');
            for (const one of lineage(element)) behind = luminanceWith(getComputedStyle(one).backgroundColor);
            const front = luminanceWith(color);
            const ratio = (Math.max(behind, front) + 0.05) / (Math.min(behind, front) + 0.05);
            if (ratio < 4.5 && !element.matches(':disabled')) faults.add(`contrast ${ratio.toFixed(2)}: ${what}`);
          };

          const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (texts.nextNode()) {
            const node = texts.currentNode;
            const element = node.parentElement;
            if (!node.data.trim() || !element.checkVisibility({ visibilityProperty: true }) || element.closest('script, template, noscript')) continue;
            const range = document.createRange();
            range.selectNodeContents(node);
            const rects = [...range.getClientRects()].filter(rect => rect.width > 1);
            // What is clipped to nothing is for screen readers.
            if (lineage(element).some(one => getComputedStyle(one).clipPath !== 'none')) continue;
            legible(element, getComputedStyle(element).color, node.data);
            for (const one of lineage(element).reverse()) {
              const { overflowX, overflowY } = getComputedStyle(one);
              const box = one.getBoundingClientRect();
              if (overflowX !== 'visible' && rects.some(rect => rect.right > box.right + 1 || rect.left < box.left - 1)) faults.add(`cut: ${node.data}`);
              if (overflowY === 'auto') break;
              if (overflowY !== 'visible' && rects.some(rect => rect.bottom > box.bottom + 1 || rect.top < box.top - 1)) faults.add(`cut in height: ${node.data}`);
            }
          }

          for (const field of document.querySelectorAll('input:not([type=checkbox])')) {
            if (!field.checkVisibility({ visibilityProperty: true })) continue;
            const style = getComputedStyle(field);
            const text = field.value || field.placeholder;
            ink.font = style.font;
            const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
            if (ink.measureText(text).width > room + 1) faults.add(`does not fit its field: ${text}`);
            legible(field, field.value ? style.color : getComputedStyle(field, '::placeholder').color, text);
          }

          return [...faults];
        }
        """;

    public static async Task<IReadOnlyList<string>> FaultsAsync(IPage page) => await page.EvaluateAsync<string[]>(Faults);

    /// <summary>Writes <c>TestResults/{name}.png</c>.</summary>
    /// <returns>The bytes of the picture.</returns>
    public static Task<byte[]> PictureAsync(IPage page, string name, bool whole = false) =>
        page.ScreenshotAsync(new() { Path = Path.Combine(SourceTree.Root, "TestResults", name + ".png"), FullPage = whole });
}
