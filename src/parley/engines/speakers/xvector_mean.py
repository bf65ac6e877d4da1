"""The mean voice, as the x-vector model of `xvector.py` hears it.

What the vectors of strangers have in common says nothing about who speaks, but makes them look alike:
most of all in one language or one kind of microphone. This is the mean of unit vectors of 1.5 s windows,
first over each person, then over 10 people of LibriSpeech test-other and over 32 of AISHELL and
AISHELL-3, then over the two: 512 numbers in steps of 0.000266, each one signed byte, in base 85.
"""

from __future__ import annotations

from base64 import b85decode

import numpy as np
import numpy.typing as npt

_STEP = 0.000265969
_BYTES = (
    "PT&Ot2qWGK8V69+4m}}MF$y>tGCa%WC`joZI7KBnDdf|>n%@Wl<`FHJ=KTx8>80Zp0oUS6C=M7evcvnt9nlZn1`@~7JJm89+|a||"
    "@IAe>%9tk<It=*0Ecvt2$~Yj$v(efp?eo;#zHHC-@(LRN<NdM3CdzOzCe9)MyC~x!^Bd^)H~<l~1llF>+9&h`AuHquuleiM^c>;*"
    "+SlavG8FC2GY%Z*7|zHB&<-o--wz8MH!t)+^&r`_I0H|@+|c0r;QLG!;r8R<+&;HH*b^VRIokBw0Rt5R8|$SF62=M*?7rdo<OJi`"
    "#RbjUs|yeC{uwqAyW8mI3LM`ENc9=pMnV?+`CbMK;HvT_DkD?K4;ohzI{EY{A0X;4z|Ere2)h9i=oAJH3BlM$1_TH|@bBr(vtI%k"
    "{21T^E8Yt{<;o&GAQRpy`xprl*9GMi-9-{V6M@>#MDq&t{zdZUVZtB!-#*R>N*Bf4?+*w%=I93x9n|&e_xtuC5Dy9wC<*dJ?E%j6"
    "^ZOTI0uuP__qF5zJF7z|?<+DFE%e;YDl_^m)4!X;&dwXX5y=5ZKOWil>>)TKTkF%;%jVa&+NdG~;N;d6$G_pN7!(u*rd!(uDd*z`"
    "BG1Gy58C0jIXc?B(bUra>NXiG7wi1=vJ!Cw=KKZ^"
)


def mean_voice() -> npt.NDArray[np.float32]:
    """Shape (512,)."""
    return np.frombuffer(b85decode(_BYTES), dtype=np.int8) * np.float32(_STEP)
