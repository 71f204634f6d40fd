"""Language codes of FLORES-200, which NLLB's vocabulary has, by the codes that people use.

Reference:
    NLLB Team, No Language Left Behind: Scaling Human-Centered Machine Translation, 2022, table 1.
"""

from collections.abc import Mapping
from types import MappingProxyType

_TABLE = """
ace ace_Latn, ace-arab ace_Arab, acm acm_Arab, acq acq_Arab, aeb aeb_Arab, af afr_Latn, ajp
ajp_Arab, ak aka_Latn, ak-akuapem twi_Latn, ak-asante twi_Latn, am amh_Ethi, apc apc_Arab, ar
arb_Arab, ars ars_Arab, ary ary_Arab, arz arz_Arab, as asm_Beng, ast ast_Latn, awa awa_Deva, ay
ayr_Latn, az azj_Latn, az-arab azb_Arab, azb azb_Arab, ba bak_Cyrl, ban ban_Latn, be bel_Cyrl, bem
bem_Latn, bg bul_Cyrl, bho bho_Deva, bjn bjn_Latn, bjn-arab bjn_Arab, bm bam_Latn, bn ben_Beng, bo
bod_Tibt, bs bos_Latn, bug bug_Latn, ca cat_Latn, ceb ceb_Latn, cjk cjk_Latn, ckb ckb_Arab, crh
crh_Latn, cs ces_Latn, cy cym_Latn, da dan_Latn, de deu_Latn, dik dik_Latn, din dik_Latn, dyu
dyu_Latn, dz dzo_Tibt, ee ewe_Latn, el ell_Grek, en eng_Latn, eo epo_Latn, es spa_Latn, et est_Latn,
eu eus_Latn, fa pes_Arab, fa-af prs_Arab, ff fuv_Latn, fi fin_Latn, fj fij_Latn, fo fao_Latn, fon
fon_Latn, fr fra_Latn, fur fur_Latn, ga gle_Latn, gd gla_Latn, gl glg_Latn, gn grn_Latn, gu
guj_Gujr, ha hau_Latn, he heb_Hebr, hi hin_Deva, hne hne_Deva, hr hrv_Latn, ht hat_Latn, hu
hun_Latn, hy hye_Armn, id ind_Latn, ig ibo_Latn, ilo ilo_Latn, is isl_Latn, it ita_Latn, ja
jpn_Jpan, jv jav_Latn, ka kat_Geor, kab kab_Latn, kac kac_Latn, kam kam_Latn, kbp kbp_Latn, kea
kea_Latn, kg kon_Latn, ki kik_Latn, kk kaz_Cyrl, km khm_Khmr, kmb kmb_Latn, kmr kmr_Latn, kn
kan_Knda, ko kor_Hang, kr knc_Latn, kr-arab knc_Arab, ks kas_Arab, ks-deva kas_Deva, ku kmr_Latn, ky
kir_Cyrl, lb ltz_Latn, lg lug_Latn, li lim_Latn, lij lij_Latn, lmo lmo_Latn, ln lin_Latn, lo
lao_Laoo, lt lit_Latn, ltg ltg_Latn, lua lua_Latn, luo luo_Latn, lus lus_Latn, lv lvs_Latn, mag
mag_Deva, mai mai_Deva, mg plt_Latn, mi mri_Latn, min min_Latn, mk mkd_Cyrl, ml mal_Mlym, mn
khk_Cyrl, mni mni_Beng, mos mos_Latn, mr mar_Deva, ms zsm_Latn, mt mlt_Latn, my mya_Mymr, nb
nob_Latn, ne npi_Deva, nl nld_Latn, nn nno_Latn, no nob_Latn, nso nso_Latn, nus nus_Latn, ny
nya_Latn, oc oci_Latn, om gaz_Latn, or ory_Orya, pa pan_Guru, pag pag_Latn, pap pap_Latn, pl
pol_Latn, prs prs_Arab, ps pbt_Arab, pt por_Latn, qu quy_Latn, rn run_Latn, ro ron_Latn, ru
rus_Cyrl, rw kin_Latn, sa san_Deva, sat sat_Beng, sc srd_Latn, scn scn_Latn, sd snd_Arab, sg
sag_Latn, shn shn_Mymr, si sin_Sinh, sk slk_Latn, sl slv_Latn, sm smo_Latn, sn sna_Latn, so
som_Latn, sq als_Latn, sr srp_Cyrl, ss ssw_Latn, st sot_Latn, su sun_Latn, sv swe_Latn, sw swh_Latn,
szl szl_Latn, ta tam_Taml, taq taq_Latn, taq-tfng taq_Tfng, te tel_Telu, tg tgk_Cyrl, th tha_Thai,
ti tir_Ethi, tk tuk_Latn, tl tgl_Latn, tn tsn_Latn, tpi tpi_Latn, tr tur_Latn, ts tso_Latn, tt
tat_Cyrl, tum tum_Latn, tw twi_Latn, tzm tzm_Tfng, ug uig_Arab, uk ukr_Cyrl, umb umb_Latn, ur
urd_Arab, uz uzn_Latn, vec vec_Latn, vi vie_Latn, war war_Latn, wo wol_Latn, xh xho_Latn, yi
ydd_Hebr, yo yor_Latn, yue yue_Hant, zh zho_Hans, zh-hant zho_Hant, zu zul_Latn
"""

FLORES: Mapping[str, str] = MappingProxyType(
    {
        people: code
        for entry in _TABLE.replace("\n", " ").split(",")
        for people, code in [entry.split()]
    }
)
"""By BCP-47 in lower case; one without a script means the script that it is usually written in.

A code that a language shares with another one, as Twi does with Akan, names one of its dialects.
"""


def usual_script(language: str) -> str | None:
    """Return the script that a language is usually written in, as ``latn``; None if not known.

    Args:
        language: The first part of a BCP-47 code, in lower case.
    """
    code = FLORES.get(language)
    return None if code is None else code.partition("_")[2].lower()
