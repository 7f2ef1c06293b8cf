"""A tiny model of Granite-Docling's architecture: Idefics3, with a tokenizer and processor of its own.

Runs in the vLLM server's environment, which has torch and transformers. Nothing of it comes from a hub.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GenerationConfig,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3Processor,
    PreTrainedTokenizerFast,
)
from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

TILE, LONGEST, PATCH, SHUFFLE = 256, 512, 16, 4
VOCABULARY = 900
END = "<|end_of_text|>"

#: Granite-Docling's own template: image and text of each message between role marks.
CHAT = (
    "{%- for message in messages -%}{{- '<|start_of_role|>' + message['role'] + '<|end_of_role|>' -}}"
    "{%- if message['content'] is string -%}{{- message['content'] -}}{%- else -%}"
    "{%- for part in message['content'] -%}{%- if part['type'] == 'text' -%}{{- part['text'] -}}"
    "{%- elif part['type'] == 'image' -%}{{- '<image>' -}}{%- endif -%}{%- endfor -%}{%- endif -%}"
    "{{- '<|end_of_text|>\n' -}}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|start_of_role|>assistant<|end_of_role|>' -}}{%- endif -%}"
)
_CONTROL = (
    "<|start_of_role|>",
    "<|end_of_role|>",
    "<fake_token_around_image>",
    "<image>",
    "<end_of_utterance>",
    "<global-img>",
    *(f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)),
)
_PAIRED = (
    *("doctag", "text", "otsl", "unordered_list", "ordered_list", "list_item", "picture", "caption"),
    *("footnote", "formula", "code", "page_header", "page_footer", "title", "chart", "document_index"),
    *("checkbox_selected", "checkbox_unselected", "form", "key_value_region"),
    *(f"section_header_level_{level}" for level in range(1, 7)),
)
_DOCTAGS = (
    *(tag for name in _PAIRED for tag in (f"<{name}>", f"</{name}>")),
    *("<page_break>", "<fcel>", "<ecel>", "<lcel>", "<ucel>", "<xcel>", "<nl>", "<ched>", "<rhed>", "<srow>"),
    *(f"<loc_{position}>" for position in range(501)),
)


def tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """A byte-level BPE trained on the texts without their tags, plus DocTags' tokens."""
    plain = [re.sub(r"<[^>]+>", " ", text) for text in texts]
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[],
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    bpe.train_from_iterator(plain, trainer)
    made = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token=END,
        bos_token=END,
        pad_token="<|pad|>",
        unk_token="<|unk|>",
        model_max_length=8192,
        clean_up_tokenization_spaces=False,
        padding_side="right",
    )
    special = [AddedToken(token, special=True, normalized=False) for token in _CONTROL]
    made.add_special_tokens({"additional_special_tokens": special})
    # as in Granite-Docling's tokenizer: added, but not special
    made.add_tokens([AddedToken(token, special=False, normalized=False) for token in _DOCTAGS])
    made.chat_template = CHAT
    return made


def processor(texts: Iterable[str]) -> Idefics3Processor:
    """Tokenizer and image processor. White paper becomes 0 and ink -2: only ink carries a signal."""
    images = Idefics3ImageProcessorPil(
        size={"longest_edge": LONGEST},
        max_image_size={"longest_edge": TILE},
        do_image_splitting=True,
        do_resize=True,
        do_rescale=True,
        do_normalize=True,
        do_pad=True,
        do_convert_rgb=True,
        # never exactly 0 for 8-bit pixels: vLLM takes a tile that is 0 everywhere for padding
        image_mean=[0.998] * 3,
        image_std=[0.5] * 3,
        resample=1,
    )
    sequence = (TILE // PATCH) ** 2 // SHUFFLE**2
    return Idefics3Processor(images, tokenizer(texts), image_seq_len=sequence, chat_template=CHAT)


def model(
    processing: Idefics3Processor, *, text: int, layers: int, vision: int, vision_layers: int
) -> Idefics3ForConditionalGeneration:
    """The model with random weights; `text` and `vision` are the widths of its two towers."""
    words = processing.tokenizer
    vocabulary = (len(words) + 63) // 64 * 64
    end, pad = words.eos_token_id, words.pad_token_id
    config = Idefics3Config(
        image_token_id=words.convert_tokens_to_ids("<image>"),
        scale_factor=SHUFFLE,
        tie_word_embeddings=False,
        pad_token_id=pad,
        vision_config={
            "hidden_size": vision,
            "intermediate_size": vision * 3,
            "num_hidden_layers": vision_layers,
            "num_attention_heads": vision // 32,
            "image_size": TILE,
            "patch_size": PATCH,
        },
        text_config={
            "model_type": "llama",
            "vocab_size": vocabulary,
            "hidden_size": text,
            "intermediate_size": text * 8 // 3 // 32 * 32,
            "num_hidden_layers": layers,
            "num_attention_heads": text // 64,
            "num_key_value_heads": 1,
            "head_dim": 64,
            "max_position_embeddings": 8192,
            "rms_norm_eps": 1e-5,
            "tie_word_embeddings": False,
            "bos_token_id": end,
            "eos_token_id": end,
            "pad_token_id": pad,
            "rope_parameters": {"rope_type": "default", "rope_theta": 100000.0},
        },
    )
    config.bos_token_id = config.eos_token_id = end
    config.vocab_size = vocabulary
    made = Idefics3ForConditionalGeneration(config)
    made.generation_config = GenerationConfig(bos_token_id=end, eos_token_id=[end], pad_token_id=pad)
    with torch.no_grad():  # random patches say little of a page: let them be heard
        made.model.vision_model.embeddings.patch_embedding.weight.mul_(4)
    return made
