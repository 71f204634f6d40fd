"""Emotion: label each segment with the emotion in its speaker's voice."""

from dalston_cli.catalog.resolve import Advice
from dalston_cli.stages.align import ALIGN
from dalston_cli.stages.base import Inputs, Stage
from dalston_cli.stages.transcribe import TRANSCRIBE
from dalston_sdk.wire import EmotionOptions, EmotionRequest, EmotionResult, ModelRef
from dalston_sdk.wire import Stage as StageKind

EMOTION_ADVICE = Advice(
    code="emotion_recognition",
    message="in the EU it is prohibited to infer emotions of people at work or in education, save "
    "for medical or safety reasons, and elsewhere they have to be told "
    "(AI Act, Articles 5(1)(f) and 50(3))",
)
"""The engine's README says more."""


class DetectEmotion(Stage[EmotionOptions, EmotionResult]):
    """Works on the aligned segments where there are any."""

    name = "emotion"
    kind = StageKind.EMOTION
    verb = "detect emotions"
    options = EmotionOptions
    result = EmotionResult
    needs = (TRANSCRIBE, ALIGN)
    advice = EMOTION_ADVICE

    def request(self, model: ModelRef, options: EmotionOptions, inputs: Inputs) -> EmotionRequest:
        """Ask for the emotion of each segment."""
        timed = inputs.results.get(ALIGN) or inputs.results[TRANSCRIBE]
        return EmotionRequest(model=model, segments=timed.segments, options=options)

    def upstream(self, inputs: Inputs) -> tuple[str, ...]:
        """Return the text's key, and whether its times are those of an aligner; not of which."""
        aligned = inputs.results.get(ALIGN) is not None
        return inputs.keys[TRANSCRIBE.name], "aligned" if aligned else "as transcribed"


EMOTION = DetectEmotion()
