__all__ = ["PANEL_STYLE"]

PANEL_STYLE = """<style>
.twp-panel {max-width: 1500px; overflow: hidden;}
.twp-cards {gap: 10px; margin-bottom: 10px;}
.twp-card {border: 1px solid var(--jp-border-color2, #d5d5d5); border-radius: 8px;
  padding: 8px 14px 12px; background: var(--jp-layout-color1, transparent);}
.twp-title {font-size: 14px; font-weight: 600; padding: 2px 0 4px;}
.twp-card .widget-html, .twp-card .jupyter-widgets.widget-html {margin: 0;}
.twp-card .widget-html > .widget-html-content {line-height: 1.4;}
.twp-panel .widget-html {height: auto; min-height: 0;}
.twp-label {font-size: 12px; font-weight: 500; color: var(--jp-ui-font-color2, #666);
  padding: 4px 2px 0; line-height: 1.3;}
.twp-said {font-size: 12px; line-height: 1.35; padding: 0 2px 2px; overflow-wrap: anywhere;
  white-space: normal;}
.twp-said.bad, .twp .bad {color: var(--twp-bad, #c2410c);}
.twp-said.odd, .twp ul.odd {color: var(--twp-odd, #8a6100);}
.twp-said.hint {color: var(--jp-ui-font-color2, #666);}
body[data-jp-theme-light="false"] .twp-panel {--twp-bad: #ff9b70; --twp-odd: #e8c15d;
  --twp-good: #4fd1a5;}
.twp-status.bad {color: var(--twp-bad, #c2410c);}
.twp-status.good b {color: var(--twp-good, #00805d);}
.twp-field {overflow: visible;}
.twp-field > .jupyter-widgets {width: 100% !important; margin: 2px 0;}
.twp-grid {gap: 2px 12px;}
.twp-fields {gap: 2px 12px; align-items: flex-start;}
.twp-fields > .twp-field {flex: 1 1 125px; min-width: 0; max-width: 100%;}
.twp-strategy .twp-fields > .twp-field {flex-basis: 100px; max-width: 190px;}
.twp-fields > .twp-box {padding-top: 18px;}
.twp-strategy {margin: 6px 0; gap: 0 12px;}
.twp-strategy .twp-explained {padding-top: 4px;}
.twp-row {padding: 2px 0; border-bottom: 1px solid var(--jp-border-color3, #e8e8e8);}
.twp-row .widget-label {font-size: 11px; margin-right: 3px; padding: 0;
  color: var(--jp-ui-font-color2, #666);}
.twp-row input {padding: 0 5px;}
.twp-row .twp-tool {padding: 0; background: none; box-shadow: none;
  color: var(--jp-ui-font-color2, #666);}
.twp-row .twp-tool:hover {background: var(--jp-layout-color2, #eee);}
.twp-row .twp-tool[disabled] {opacity: 0.25;}
.twp-preview {font-size: 10px; line-height: 1.25; color: var(--jp-ui-font-color2, #666);
  text-align: center; white-space: nowrap; overflow: hidden; padding: 0 4px;}
.twp-preview svg {display: block; width: 100%; fill: #3b8ec2; opacity: 0.85;}
.twp-preview .notch {fill: var(--jp-layout-color1, white);}
.twp ul {margin: 2px 0 6px; padding-left: 18px; font-size: 12px;}
.twp-wide {overflow-x: auto;}
.twp-card .widget-html-content {min-width: 0;}
.twp-code {position: relative; display: grid; grid-template-columns: minmax(0, 1fr);}
.twp-code pre {max-height: 330px; overflow: auto; white-space: pre !important; font-size: 11.5px;
  font-family: var(--jp-code-font-family, monospace); padding: 8px 10px; margin: 0;
  border-radius: 4px; background: var(--jp-layout-color2, #f5f5f5) !important;}
.twp-copy {position: absolute; top: 4px; right: 4px; font-size: 11px; padding: 2px 8px;
  cursor: pointer; border-radius: 4px; border: 1px solid var(--jp-border-color1, #bbb);
  background: var(--jp-layout-color1, white); color: var(--jp-ui-font-color1, #333);}
.twp-offer {border-left: 3px solid #56b4e9; background: var(--jp-layout-color2, #f3f3f3);
  padding: 4px 10px; margin-bottom: 10px; gap: 8px;}
.twp-offer button {background: var(--jp-layout-color3, #ddd);}
.twp-start {gap: 4px; padding: 2px 0 6px;}
.twp-start .widget-html {margin-left: 8px;}
</style>"""
