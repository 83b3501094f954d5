from study_app.codes import (
    COMPLETION_LENGTH,
    LETTERS,
    code_hash,
    new_completion_code,
    withdrawal_code,
)


def test_completion_codes_differ_and_hold_no_letters_that_look_alike():
    codes = {new_completion_code() for _ in range(200)}
    assert len(codes) == 200
    assert {len(code) for code in codes} == {COMPLETION_LENGTH}
    assert set("".join(codes)) <= set(LETTERS)
    assert not set(LETTERS) & set("IO01")


def test_withdrawal_codes_follow_from_the_link_and_differ():
    codes = [withdrawal_code(f"key-{n}") for n in range(200)]
    assert len(set(codes)) == 200
    assert withdrawal_code("key-7") == codes[7]


def test_code_may_be_typed_as_people_type():
    code = withdrawal_code("k" * 24)
    for typed in (code, code.lower(), code.replace("-", ""), f"  {code.replace('-', ' ')}\n"):
        assert code_hash(typed) == code_hash(code)
    assert code_hash(code[:-1]) != code_hash(code)
