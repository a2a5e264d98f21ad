/** Ordinary texts in several languages and forms. */
export const prose: Record<string, string> = {
  English:
    "The window keeps growing until compaction happens; then the oldest turns fall away. It's what we've agreed on, isn't it? Let's say 1,234.56 EUR by 2026-11-30.",
  German: 'Größere Straßenbaumaßnahmen führen häufig zu Verzögerungen, weil Überprüfungen länger dauern.',
  French: "Aujourd'hui, l'élève a dû répéter l'expérience; ça n'a pas marché à cause de l'œuf.",
  Greek: 'Η γρήγορη καφέ αλεπού πηδάει πάνω από το τεμπέλικο σκυλί.',
  Russian: 'Съешь же ещё этих мягких французских булок, да выпей чаю.',
  Chinese: '今天的会议讨论了对话窗口的压缩策略，以及如何在预算之内保留最近的消息。大家同意先做实验。',
  Japanese:
    'トークン予算を超えた場合、古いメッセージから順に削除されます。ただし、最新のターンは保持します。',
  Korean: '토큰 예산을 초과하면 오래된 메시지부터 차례로 삭제됩니다.',
  Thai: 'เมื่อจำนวนโทเค็นเกินงบประมาณระบบจะลบข้อความเก่าที่สุดออกก่อนแต่จะเก็บข้อความล่าสุดไว้เสมอ'.repeat(8),
  Arabic: 'عندما يتجاوز عدد الرموز الميزانية، يتم حذف أقدم الرسائل أولاً.',
  Hindi: 'जब टोकन बजट से अधिक हो जाते हैं, तो सबसे पुराने संदेश पहले हटा दिए जाते हैं।',
  emoji: 'Shipped 🚀🎉 👩‍👩‍👧‍👦 👍🏽 ❤️ 🇩🇪🇫🇷',
  TypeScript:
    "export function runEnd(text: string, from: number): number {\n  let at = from;\n\n\twhile (at < text.length) at += 1; // don't\n  return at;\n}\n",
  JSON: JSON.stringify({
    orders: [{ id: 'ord_9f8e', total: 129.95, items: ['A-1', 'B-2'], note: null }],
    ok: true,
  }),
  Markdown: `# Title\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n${'-'.repeat(300)}\n\n${'='.repeat(700)}\n\n\n* item\n`,
  base64: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  URL: 'https://example.com/a/b_c?d=e%20f&g=1#h https://пример.рф/путь',
};
