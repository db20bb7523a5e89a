"""The style sheet of the setup panel, in the light or dark colours of Jupyter's theme."""

__all__ = ["PANEL_STYLE"]

PANEL_STYLE = """<style>
.twn-panel {max-width: 1500px; overflow: hidden;}
.twn-cards {gap: 10px; margin-bottom: 10px;}
.twn-card {border: 1px solid var(--jp-border-color2, #d5d5d5); border-radius: 8px;
  padding: 8px 14px 12px; background: var(--jp-layout-color1, transparent);}
.twn-title {font-size: 14px; font-weight: 600; padding: 2px 0 4px;}
.twn-card .widget-html, .twn-card .jupyter-widgets.widget-html {margin: 0;}
.twn-card .widget-html > .widget-html-content {line-height: 1.4;}
.twn-panel .widget-html {height: auto; min-height: 0;}
.twn-label {font-size: 12px; font-weight: 500; color: var(--jp-ui-font-color2, #666);
  padding: 4px 2px 0; line-height: 1.3;}
.twn-said {font-size: 12px; line-height: 1.35; padding: 0 2px 2px; overflow-wrap: anywhere;
  white-space: normal;}
.twn-said.bad, .twn .bad {color: var(--twn-bad, #c2410c);}
.twn-said.odd, .twn ul.odd {color: var(--twn-odd, #8a6100);}
.twn-said.hint {color: var(--jp-ui-font-color2, #666);}
body[data-jp-theme-light="false"] .twn-panel {--twn-bad: #ff9b70; --twn-odd: #e8c15d;
  --twn-good: #4fd1a5;}
.twn-status.bad {color: var(--twn-bad, #c2410c);}
.twn-status.good b {color: var(--twn-good, #00805d);}
.twn-field {overflow: visible;}
.twn-field > .jupyter-widgets {width: 100% !important; margin: 2px 0;}
.twn-grid {gap: 2px 12px;}
.twn-fields {gap: 2px 12px; align-items: flex-start;}
.twn-fields > .twn-field {flex: 1 1 125px; min-width: 0; max-width: 100%;}
.twn-strategy .twn-fields > .twn-field {flex-basis: 100px; max-width: 190px;}
.twn-fields > .twn-box {padding-top: 18px;}
.twn-strategy {margin: 6px 0; gap: 0 12px;}
.twn-strategy .twn-explained {padding-top: 4px;}
.twn-row {padding: 2px 0; border-bottom: 1px solid var(--jp-border-color3, #e8e8e8);}
.twn-row .widget-label {font-size: 11px; margin-right: 3px; padding: 0;
  color: var(--jp-ui-font-color2, #666);}
.twn-row input {padding: 0 5px;}
.twn-row .twn-tool {padding: 0; background: none; box-shadow: none;
  color: var(--jp-ui-font-color2, #666);}
.twn-row .twn-tool:hover {background: var(--jp-layout-color2, #eee);}
.twn-row .twn-tool[disabled] {opacity: 0.25;}
.twn-preview {font-size: 10px; line-height: 1.25; color: var(--jp-ui-font-color2, #666);
  text-align: center; white-space: nowrap; overflow: hidden; padding: 0 4px;}
.twn-preview svg {display: block; width: 100%; fill: #3b8ec2; opacity: 0.85;}
.twn-preview .notch {fill: var(--jp-layout-color1, white);}
.twn ul {margin: 2px 0 6px; padding-left: 18px; font-size: 12px;}
.twn-wide {overflow-x: auto;}
.twn-card .widget-html-content {min-width: 0;}
.twn-code {position: relative; display: grid; grid-template-columns: minmax(0, 1fr);}
.twn-code pre {max-height: 330px; overflow: auto; white-space: pre !important; font-size: 11.5px;
  font-family: var(--jp-code-font-family, monospace); padding: 8px 10px; margin: 0;
  border-radius: 4px; background: var(--jp-layout-color2, #f5f5f5) !important;}
.twn-copy {position: absolute; top: 4px; right: 4px; font-size: 11px; padding: 2px 8px;
  cursor: pointer; border-radius: 4px; border: 1px solid var(--jp-border-color1, #bbb);
  background: var(--jp-layout-color1, white); color: var(--jp-ui-font-color1, #333);}
.twn-offer {border-left: 3px solid #56b4e9; background: var(--jp-layout-color2, #f3f3f3);
  padding: 4px 10px; margin-bottom: 10px; gap: 8px;}
.twn-offer button {background: var(--jp-layout-color3, #ddd);}
.twn-start {gap: 4px; padding: 2px 0 6px;}
.twn-start .widget-html {margin-left: 8px;}
</style>"""
