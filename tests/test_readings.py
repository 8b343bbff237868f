"""What questions mean that may be taken for something else, with answers that were worked out by hand."""

import pytest

from nmn import SceneGraph, SceneObject, ask_scene, parse
from nmn.errors import QuestionError


def thing(color: str, size: str, shape: str, middle: tuple[int, int], side: int, texture: str = "solid") -> SceneObject:
    """Return an object by its middle and its side in pixels."""
    x, y = middle
    box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    return SceneObject({"shape": shape, "color": color, "size": size, "texture": texture}, box)


SEVEN = SceneGraph(
    (
        thing("red", "large", "circle", (20, 20), 24, "striped"),
        thing("blue", "small", "circle", (45, 25), 10),
        thing("red", "small", "circle", (80, 50), 12),
        thing("red", "small", "square", (15, 70), 14),
        thing("green", "large", "square", (55, 75), 26, "dotted"),
        thing("blue", "medium", "star", (86, 85), 18),
        thing("yellow", "small", "triangle", (50, 45), 8),
    ),
    100,
    100,
)
ANSWERS: tuple[tuple[str, object], ...] = (
    ("Isn't the triangle yellow?", True),
    ("Isn't one circle blue?", True),
    ("Isn't the largest shape green?", True),
    ("Is not the star blue?", True),
    ("Isn't every circle round?", True),
    ("Are not all circles red?", True),
    ("Aren't all circles red?", False),
    ("Is there a star left of the triangle or the red square?", False),
    ("Is there a circle left of the triangle and the red square?", False),
    ("There is no circle left of the triangle and the red square.", True),
    ("Is there a circle larger than the star and the green square?", False),
    ("There is a circle larger than every circle and every square.", False),
    ("How many circles left of the triangle and the red square are there?", 0),
    ("Which circle is the largest?", (0,)),
    ("Which circle is rightmost?", (2,)),
    ("Which red shape is the largest?", (0,)),
    ("Find all circles except the largest.", (1, 2)),
    ("Find all red shapes except the largest.", (2, 3)),
    ("Is there a triangle left of the star and above it?", True),
    ("Is the triangle left of the star and above it?", True),
    ("Is there a square left of the triangle and below it?", True),
    ("What color is the square left of the triangle and below it?", "red"),
    ("There is nothing but circles above the triangle.", True),
    ("No shape but a circle is above the triangle.", True),
    ("There is nothing above the triangle but circles.", True),
    ("Find every circle but the blue one.", (0, 2)),
    ("How many shapes but the star are there?", 6),
    ("How many shapes but the triangle are small?", 3),
    ("Are all of the circles but the blue one red?", True),
    ("The circles but the blue one are red.", True),
    ("Is there any star but the blue one?", False),
    ("The small red circle is red or blue but not small.", False),
    ("How many shapes are red or blue but not small?", 2),
    ("How many shapes are circles or squares but not red?", 2),
    ("Find the shapes that are not circles or squares.", (5, 6)),
    ("How many things that are not circles or squares are there?", 2),
    ("Is there a square that is not a circle or a square?", False),
    ("Show me the two largest shapes.", (0, 4)),
    ("Are the two leftmost shapes red?", True),
    ("Are the two largest shapes large?", True),
    ("How many of the three largest shapes are circles?", 1),
    ("How many of the two leftmost shapes are red?", 2),
    ("Is every other shape larger than the triangle?", True),
    ("Are the other shapes smaller than the green square?", True),
    ("Are there more small shapes than other shapes?", True),
    ("A circle is blue and another circle is blue.", False),
    ("One square is green and another square is green.", False),
    ("Are there any circles left of a star that are red?", True),
    ("How many circles are there left of the star that are blue?", 1),
    ("Is there a triangle below two circles that is yellow?", True),
    ("How many circles and squares are there that are red?", 3),
    ("Are there both circles and squares?", True),
    ("Both circles and squares are above the star.", True),
    ("Is the triangle near something small and blue?", True),
    ("How many shapes are left of something small and yellow?", 3),
    ("Is there a circle that is near a square that is large and green?", True),
    ("Are there red and blue squares?", False),
    ("Is there a red and green square?", False),
    ("Are there red and green squares?", True),
    ("How many red and green squares are there?", 2),
    ("How many shapes are not the same color as the star?", 5),
    ("There are exactly five circles or squares.", True),
    ("The star is larger than any square.", False),
    ("Is the star larger than any other shape?", False),
    ("Any two circles have the same color.", False),
    ("Anything blue is small.", False),
    ("Is anything blue small?", True),
    ("Tell me whether any circle is blue.", True),
    ("Any circle is blue.", False),
    ("How many shapes are near exactly one other shape?", 4),
    ("Is every shape that is not a circle or a square small?", False),
    ("Any shape but the star is small.", False),
    ("What color is the biggest of the circles?", "red"),
    ("What color is the smallest of all red circles?", "red"),
    ("Is the green square the largest of the shapes?", True),
    ("Which of the circles is the largest?", (0,)),
    ("Which of the circles are red?", (0, 2)),
    ("Are all three circles red?", False),
    ("Are all three circles round?", True),
    ("Are all two circles round?", False),
    ("No two circles have the same color.", False),
    ("No two shapes have the same shape.", False),
    ("No two circles are blue.", True),
    ("No two circles are red.", False),
    ("There are no two stars.", True),
    ("No three circles are red.", True),
    ("Only the triangle is yellow.", True),
    ("Is only the triangle yellow?", True),
    ("Only the star is blue.", False),
    ("Is only the star blue?", False),
    ("What is the second-largest shape?", "circle"),
    ("What is the 2nd largest shape?", "circle"),
    ("Is the 1st shape from the left a square?", True),
    ("Are there circles, but no pentagons?", True),
    ("Is the star the same color as the blue circle or the triangle?", True),
    ("The star is the same color as the blue circle and the triangle.", False),
    ("How many shapes are the same color as the star or the triangle?", 1),
    ("Is the triangle a different color from the star and the red square?", True),
    ("Is the star a different color from the blue circle or the triangle?", False),
    ("There is a star; what color is it?", "blue"),
    ("There is a triangle; are two circles above it?", True),
    ("Every other square touches every other circle.", False),
    ("There is no star larger than any circle.", False),
    ("The star isn't larger than anything.", False),
    ("Nothing is larger than any square.", False),
    ("There is no circle, but a square.", False),
    ("No red shape but a blue one is small.", False),
    ("There are no red circles but two blue ones.", False),
    ("There are no pentagons, but the star.", True),
    ("There are two squares and each one is red.", False),
    ("Is each one red?", False),
    ("How many shapes are left of another circle?", 5),
    ("Are all other shapes circles?", False),
    ("Is there a circle that is larger than the other circles?", True),
    ("Which circle is larger than the other circles?", (0,)),
    ("Is a red circle left of the other circles?", True),
    ("Is every other shape larger than the second circle from the left?", False),
    ("The star is right of the second circle from the left and below it.", True),
    ("The star is left of the circle near the square and above it.", False),
    ("Is the shape left of the circles the largest?", False),
    ("Find all circles except the largest and the smallest.", (2,)),
    ("Every circle except the largest is small.", True),
    ("Every large and small circle is red.", False),
    ("No red and green square is large.", False),
    ("The star is the same color as the blue circle but not a square.", True),
    ("Are non-blue circles red?", True),
    ("How many non-red shapes are there?", 4),
    ("Is the star non-red?", True),
    ("The star is larger than any circle or any square.", False),
    ("Any circle is round and any square is red.", False),
    ("There is a circle left of the star and the star right of it.", True),
    ("Only the star and the blue circle are blue.", True),
    ("Only the star is blue and the triangle is yellow.", False),
    ("Only the triangle and the star are yellow.", True),
    ("The star is red; the triangle is yellow.", False),
    ("The star is blue; the triangle is yellow.", True),
    ("There is a star; how many other shapes are blue?", 1),
    ("There is a star; is there another star?", False),
    ("There is a triangle; is there another small shape?", True),
    ("There are two squares; is the triangle above them?", True),
    ("Find the two largest of the circles.", (0, 2)),
    ("All circles except the two largest are blue.", True),
    ("There is a star and nothing else.", False),
    ("There are two squares and no other shapes.", False),
    ("Everything is blue but the triangle.", False),
    ("Nothing is yellow but the triangle.", True),
    ("The triangle is left of a shape that is a circle or a star.", True),
    ("The blue circle is neither left of the triangle nor below it.", False),
    ("Two squares are below the triangle and they are red.", False),
    ("There is no star, but there is a circle.", False),
    ("The star is not blue, but the triangle is yellow.", False),
    ("How many non-red, non-blue shapes are there?", 2),
    ("Is something non-red?", True),
)
REFUSED = (
    "All circles but one are red.",
    "Is one circle blue and the other circles red?",
    "One square is red and the other square is red.",
    "Is the blue circle the same size as the squares?",
    "Does the red square have the same color as the circles?",
    "There are exactly five circles and squares.",
    "If there is a circle, then the square.",
    "If the circle, then there is a star.",
    "It is false that circles.",
    "If the star, then the square.",
    "Tell me whether the squares.",
    "Are there ٢ squares?",
    "Are there 2,000 squares?",
    "Exactly one of the star and the triangle is blue.",
    "All circles except one are red.",
    "The largest of the circles and squares is red.",
    "Find the largest of the circles or squares.",
)


@pytest.mark.parametrize(("question", "answer"), ANSWERS)
def test_a_question_means_what_it_says(question: str, answer: object) -> None:
    value = ask_scene(SEVEN, question).value
    assert (value, type(value)) == (answer, type(answer))


@pytest.mark.parametrize("question", REFUSED)
def test_what_would_be_a_guess_is_refused(question: str) -> None:
    with pytest.raises(QuestionError):
        ask_scene(SEVEN, question)


def test_a_word_that_is_read_in_company_alone_says_in_which() -> None:
    with pytest.raises(QuestionError, match='"larger" is read in "larger than" and the like, not alone'):
        ask_scene(SEVEN, "Which square is larger?")


def test_no_two_panels_are_at_most_one() -> None:
    asked = "no two images contain a circle"
    assert str(parse(asked, lexicon="pairs")) == "compare[at_most](count(where(exists(find[circle]))), number[1])"
