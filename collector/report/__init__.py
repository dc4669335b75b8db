"""Reports of what was collected: a plain model each, rendered as HTML and as PDF, digested for the ledger.

prtt.build, ten_day.build, thirty_day.build, discovery.build     (Request, Sources) -> Report
html.render_html(report), pdf.render_pdf(report)                 the same sections twice
model.digest(report), model.ledger_fields(report, html, pdf)     what the caller puts on the desk's ledger
"""
