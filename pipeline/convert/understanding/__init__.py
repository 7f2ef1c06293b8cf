"""Pages as a vision-language model reads them: what to ask, what answers are worth, and how they join in.

`profiles` says how a model is asked, `choosing` about which pages and pictures, `answers` what is wrong with
an answer. `page_document` makes a document of a page's answer; `joining` and `seams` put it among others.
"""
