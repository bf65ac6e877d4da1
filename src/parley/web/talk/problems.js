/** What the server says of problems, it says in English; the page knows those that people meet in a conversation. */

/** @type {Record<string, string>} by code */
const CHINESE = {
  llm_unreachable: "无法连接语言模型；请检查 assistant.llm_base_url，并确认该服务器正在运行。",
  llm_timeout: "语言模型没有及时回答；请再问一次。",
  llm_busy: "语言模型正忙或额度已用完；请稍后再问。",
  llm_refused: "语言模型拒绝了请求；请检查密钥和模型名称。",
  llm_failed: "语言模型回答失败；请再问一次。",
  voice_unknown: "没有这个声音；请选择其他声音。",
  voices_busy: "语音合成正忙；请稍等再试。",
  synthesis_failed: "无法合成语音；请再问一次或换一个声音。",
  too_many_sessions: "打开的对话太多；请关闭其他页面后再试。",
  conversation_not_found: "这段对话已不存在；请开始新对话。",
  session_not_found: "会话已结束；请再按一次麦克风。",
  line_replaced: "这段对话已在另一个页面继续。",
  live_overloaded: "服务器识别不过来；请稍等几秒再试。",
  recognition_failed: "没有及时识别出所说的内容；请再说一遍。",
  auth_failed: "登录已失效；请重新登录。",
  rate_limited: "请求过于频繁；请稍等再试。",
};

/**
 * The sentence for people.
 * @param {string} code
 * @param {string} message of the server
 * @param {string} language
 */
export function sentenceOf(code, message, language) {
  return (language === "zh" && CHINESE[code]) || message;
}
