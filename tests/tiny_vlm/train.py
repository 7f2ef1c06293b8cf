"""Train the tiny model until it knows its lessons: `ENV/bin/python -m tests.tiny_vlm.train LESSONS OUT`.

ENV is the vLLM server's environment, LESSONS what `tests.tiny_vlm.lessons` wrote. Takes some minutes on one
core; the result is written as soon as every lesson is answered exactly.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path

import torch
import torch.nn.functional as functional
from PIL import Image
from transformers import Idefics3ForConditionalGeneration, Idefics3Processor

from tests.tiny_vlm.architecture import END, model, processor

RATE, WARM_UP = 2e-3, 40
#: Tokens that are not sure yet count so much more: they are those that tell one page from another.
STRESS, UNSURE = 15.0, 0.3
#: Good enough to ask for exact answers.
CLOSE = 0.02
#: Characters of an endless answer.
LONG_ENOUGH = 600


class Lessons:
    """All lessons as one padded batch."""

    def __init__(self, folder: Path) -> None:
        self.lessons = json.loads((folder / "lessons.json").read_text())
        texts = [lesson["answer"] for lesson in self.lessons] + [lesson["prompt"] for lesson in self.lessons]
        self.processor: Idefics3Processor = processor(texts)
        self.images = [Image.open(folder / lesson["image"]).convert("RGB") for lesson in self.lessons]
        self.prompts = [self._prompt(lesson["prompt"]) for lesson in self.lessons]
        self.answers = [lesson["answer"] + ("" if lesson["endless"] else END) for lesson in self.lessons]
        whole = [prompt + answer for prompt, answer in zip(self.prompts, self.answers, strict=True)]
        batch = self.processor(
            text=whole, images=[[i] for i in self.images], return_tensors="pt", padding=True
        )
        self.batch = dict(batch)
        self.labels = batch["input_ids"].clone()
        self.labels[batch["attention_mask"] == 0] = -100
        for row, (prompt, image) in enumerate(zip(self.prompts, self.images, strict=True)):
            self.labels[row, : self.alone(prompt, image)["input_ids"].shape[1]] = -100

    def __len__(self) -> int:
        return len(self.lessons)

    def alone(self, prompt: str, image: Image.Image) -> dict[str, torch.Tensor]:
        """One prompt as the server will see it."""
        return dict(self.processor(text=prompt, images=[image], return_tensors="pt"))

    def _prompt(self, words: str) -> str:
        content = [{"type": "image"}, {"type": "text", "text": words}]
        text: str = self.processor.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
        )
        return text


def learned(tiny: Idefics3ForConditionalGeneration, lessons: Lessons) -> list[bool]:
    """Which lessons are answered exactly, greedily; an endless one must repeat itself for long enough."""
    tiny.eval()
    results = []
    for row, lesson in enumerate(lessons.lessons):
        asked = lessons.alone(lessons.prompts[row], lessons.images[row])
        wanted = int((lessons.labels[row] != -100).sum())
        with torch.no_grad():
            made = tiny.generate(**asked, max_new_tokens=wanted + 5, do_sample=False)
        text = lessons.processor.tokenizer.decode(made[0, asked["input_ids"].shape[1] :])
        text = text.removesuffix(END)
        endless = lesson["endless"] and text.startswith(lesson["answer"][:LONG_ENOUGH])
        results.append(endless or text == lesson["answer"])
    tiny.train()
    return results


def train(folder: Path, out: Path, minutes: float) -> bool:
    """Train and save; whether every lesson was learned."""
    torch.manual_seed(0)
    random.seed(0)
    lessons = Lessons(folder)
    tiny = model(lessons.processor, text=128, layers=2, vision=64, vision_layers=2)
    optimizer = torch.optim.AdamW(tiny.parameters(), lr=RATE, weight_decay=0.0, betas=(0.9, 0.98))
    started, step, shown = time.monotonic(), 0, 0.0
    print(f"{len(lessons)} lessons, {lessons.batch['input_ids'].shape[1]} tokens", flush=True)
    tiny.train()
    results = [False]
    while not all(results) and (spent := time.monotonic() - started) < 60 * minutes:
        rate = RATE * min(1.0, (step + 1) / WARM_UP) * max(0.1, 1 - spent / (60 * minutes))
        for group in optimizer.param_groups:
            group["lr"] = rate
        batch = lessons.batch
        # pages are rendered alike but not to the last bit
        noisy = batch["pixel_values"] + 0.02 * torch.randn_like(batch["pixel_values"])
        logits = tiny(**{**batch, "pixel_values": noisy}).logits[:, :-1]
        labels = lessons.labels[:, 1:]
        losses = functional.cross_entropy(logits.transpose(1, 2).float(), labels, reduction="none")
        known = labels != -100
        weights = known * (1 + STRESS * (losses.detach() > UNSURE))
        loss = (losses * weights).sum() / weights.sum()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tiny.parameters(), 1.0)
        optimizer.step()
        step += 1
        right = (logits.argmax(-1) == labels)[known].float().mean().item()
        if spent - shown > 15:
            shown = spent
            print(f"{spent:5.0f} s, step {step}: loss {loss.item():.4f}, {right:.4f} right", flush=True)
        if loss.item() < CLOSE and right == 1.0 and step % 20 == 0:
            results = learned(tiny, lessons)
            print(f"{spent:5.0f} s, step {step}: {sum(results)} of {len(lessons)} exactly", flush=True)
    tiny.save_pretrained(out)
    lessons.processor.save_pretrained(out)
    return all(results)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Train the tiny vision-language model.")
    parser.add_argument("lessons", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=25.0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if not train(options.lessons, options.out, options.minutes):
        raise SystemExit("not every lesson was learned: give it more --minutes")


if __name__ == "__main__":
    main()
