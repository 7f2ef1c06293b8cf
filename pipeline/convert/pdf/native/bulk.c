/* The characters and the drawings of a page, each in one call. It does what text/glyphs.py, text/advances.py and
   objects/drawings.py do call by call, to the bit: what is changed here is changed there, and the tests compare
   them. It allocates nothing, and writes only to arrays of the caller's, whose room is said beside them.

   Neither PDFium nor Python is linked: PDFium's functions come as pointers, so that one library serves every
   version of both. */
#include <math.h>
#include <stdint.h>

typedef void *Handle;
typedef struct { float left, top, right, bottom; } Rect;
typedef struct { float a, b, c, d, e, f; } FloatMatrix;

/* In the order of FUNCTIONS in library.py. */
typedef struct {
  int (*FPDFText_GetText)(Handle, int, int, uint16_t *);
  unsigned (*FPDFText_GetUnicode)(Handle, int);
  Handle (*FPDFText_GetTextObject)(Handle, int);
  int (*FPDFText_IsGenerated)(Handle, int);
  int (*FPDFText_GetLooseCharBox)(Handle, int, Rect *);
  int (*FPDFText_GetCharBox)(Handle, int, double *, double *, double *, double *);
  int (*FPDFText_GetCharOrigin)(Handle, int, double *, double *);
  int (*FPDFText_GetMatrix)(Handle, int, FloatMatrix *);
  double (*FPDFText_GetFontSize)(Handle, int);
  Handle (*FPDFTextObj_GetFont)(Handle);
  int (*FPDFFont_GetGlyphWidth)(Handle, uint32_t, float, float *);
  int (*FPDFPage_CountObjects)(Handle);
  Handle (*FPDFPage_GetObject)(Handle, int);
  int (*FPDFFormObj_CountObjects)(Handle);
  Handle (*FPDFFormObj_GetObject)(Handle, unsigned long);
  int (*FPDFPageObj_GetType)(Handle);
  int (*FPDFPageObj_GetIsActive)(Handle, int *);
  int (*FPDFPageObj_GetMatrix)(Handle, FloatMatrix *);
  int (*FPDFPageObj_GetBounds)(Handle, float *, float *, float *, float *);
  int (*FPDFPageObj_GetStrokeWidth)(Handle, float *);
  int (*FPDFPath_GetDrawMode)(Handle, int *, int *);
  int (*FPDFPath_CountSegments)(Handle);
  Handle (*FPDFPath_GetPathSegment)(Handle, int);
  int (*FPDFPathSegment_GetType)(Handle);
  int (*FPDFPathSegment_GetPoint)(Handle, float *, float *);
  int (*FPDFPathSegment_GetClose)(Handle);
} Functions;

/* As Python's min and max choose between zeros, and with what is no number. */
static double least(double one, double two) { return two < one ? two : one; }
static double most(double one, double two) { return two > one ? two : one; }

/* ---- Characters ---- */

/* What a code point is, in a table for those below 65,536. */
enum { SPACE = 1, ZERO_WIDTH = 2, RIGHT_TO_LEFT = 4, MARK = 8, SOFT_HYPHEN = 16, TABLE = 0x10000 };
enum { REPLACEMENT = 0xFFFD };

typedef struct {
  int64_t object, font;
  double a, b, c, d, e, f, size;
} Run;

/* One entry for each character at most. */
typedef struct {
  int64_t *code, *index, *run, *behind;
  Rect *box, *space;
  uint8_t *spaced;
  Run *runs;
} Found;

static int kind_of(const uint8_t *kinds, int64_t code) { return code >= 0 && code < TABLE ? kinds[code] : 0; }

/* A control code that stands for a glyph: fonts without a Unicode map use those as well. */
static int has_ink(const Functions *pdf, Handle page, int index) {
  double left = 0, right = 0, bottom = 0, top = 0;
  if (pdf->FPDFText_IsGenerated(page, index) != 0) return 0;
  if (!pdf->FPDFText_GetCharBox(page, index, &left, &right, &bottom, &top)) return 0;
  return right - left > 0.1 && top - bottom > 0.1;
}

static int same_origin(const Functions *pdf, Handle page, int one, int two) {
  double x[2] = {0, 0}, y[2] = {0, 0};
  pdf->FPDFText_GetCharOrigin(page, one, &x[0], &y[0]);
  pdf->FPDFText_GetCharOrigin(page, two, &x[1], &y[1]);
  return x[0] == x[1] && y[0] == y[1];
}

static int is_mark(const uint8_t *kinds, int64_t code) { return (kind_of(kinds, code) & MARK) != 0; }

/* The first `count` characters of a text page, white space left out. `units` has room for count + 2; `counts` says
   how many glyphs, runs and spaces there are. */
void docmill_characters(const Functions *pdf, Handle page, int count, const uint8_t *kinds, uint16_t *units,
                        const Found *found, int64_t *counts) {
  int64_t glyphs = 0, runs = 0, spaces = 0, high = 0;
  Handle object = 0;
  FloatMatrix matrix = {0, 0, 0, 0, 0, 0};
  int space = 0, added = 0, turned = 0;
  int whole = pdf->FPDFText_GetText(page, 0, count, units) == count + 1;
  /* what is found takes the place of what was looked at */
  for (int i = 0; i < count; i++) {
    found->code[i] = whole ? units[i] : pdf->FPDFText_GetUnicode(page, i);
    turned |= kind_of(kinds, found->code[i]) & RIGHT_TO_LEFT;
  }
  for (int i = 0; i < count; i++) {
    int64_t code = found->code[i];
    int kind = kind_of(kinds, code);
    if (kind & SPACE && !(code < 0x20 && has_ink(pdf, page, i))) {
      if (!space && pdf->FPDFText_IsGenerated(page, i) == 0) {
        space = 1;
        added = turned && !pdf->FPDFText_GetTextObject(page, i);
        if (glyphs && pdf->FPDFText_GetLooseCharBox(page, i, &found->space[spaces])) found->behind[spaces++] = glyphs - 1;
      }
      continue;
    }
    Rect *box = &found->box[glyphs];
    if (kind & ZERO_WIDTH || !pdf->FPDFText_GetLooseCharBox(page, i, box)) continue;
    if (kind & SOFT_HYPHEN && glyphs && same_origin(pdf, page, i, (int)found->index[glyphs - 1])) {
      if (box->right > box[-1].right) box[-1].right = box->right;
      continue;
    }
    if (code >= 0xD800 && code < 0xE000) {
      if (code < 0xDC00) {
        high = code;
        continue;
      }
      code = high ? 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00) : REPLACEMENT;
      high = 0;
    }
    Handle here = pdf->FPDFText_GetTextObject(page, i);
    if (here != object || !runs) {
      object = here;
      pdf->FPDFText_GetMatrix(page, i, &matrix);
      Run run = {(int64_t)(intptr_t)object, object ? (int64_t)(intptr_t)pdf->FPDFTextObj_GetFont(object) : 0,
                 matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f, pdf->FPDFText_GetFontSize(page, i)};
      found->runs[runs++] = run;
    }
    if (space && added && (is_mark(kinds, code) || (glyphs && is_mark(kinds, found->code[glyphs - 1])))) space = 0;
    found->code[glyphs] = code;
    found->index[glyphs] = i;
    found->run[glyphs] = runs - 1;
    found->spaced[glyphs++] = (uint8_t)space;
    space = 0;
  }
  counts[0] = glyphs;
  counts[1] = runs;
  counts[2] = spaces;
}

/* Where the origin of a character is, and its ink; its advance in em, 0 where the font does not tell. */
typedef struct {
  double x, y, left, right, bottom, top, width;
} Measure;

/* `found` has room for as many as there are characters, each with its text object and code point. */
void docmill_measures(const Functions *pdf, Handle page, int64_t count, const int64_t *index, const int64_t *objects,
                      const int64_t *codes, Measure *found) {
  for (int64_t i = 0; i < count; i++) {
    Measure *to = &found[i], none = {0, 0, 0, 0, 0, 0, 0};
    Handle object = (Handle)(intptr_t)objects[i];
    float width = 0;
    *to = none;
    pdf->FPDFText_GetCharOrigin(page, (int)index[i], &to->x, &to->y);
    pdf->FPDFText_GetCharBox(page, (int)index[i], &to->left, &to->right, &to->bottom, &to->top);
    double size = object ? fabs(pdf->FPDFText_GetFontSize(page, (int)index[i])) : 0;
    if (size == 0) continue;
    Handle font = pdf->FPDFTextObj_GetFont(object);
    if (pdf->FPDFFont_GetGlyphWidth(font, (uint32_t)codes[i], (float)size, &width)) to->width = width / size;
  }
}

/* ---- Drawings ---- */

enum { PATH = 2, IMAGE = 3, FORM = 5 };    /* FPDF_PAGEOBJ_ */
enum { BEZIER_TO = 1, MOVE_TO = 2 };       /* FPDF_SEGMENT_ */

typedef struct { double a, b, c, d, e, f; } Matrix;
typedef struct { double left, top, right, bottom; } Box;
typedef struct { double x, y; } Point;

typedef struct {
  double left, bottom, right, top; /* the visible page in user space */
  double width, height;            /* as displayed */
  double thickness, length, skew;  /* of rulings */
  int64_t rotation, objects, depth, segments, bitmaps, rulings, shapes; /* limits but for the first */
} Page;

typedef struct {
  const Functions *pdf;
  const Page *page;
  Box *bitmaps, *rulings, *shapes; /* as many as the page's limits */
  Box *sides;                      /* two for each of the segments looked at */
  int64_t *counts;                 /* of bitmaps, rulings and shapes */
  int64_t budget;                  /* of objects */
} Drawing;

static Matrix matrix_of(const Functions *pdf, Handle object) {
  FloatMatrix m;
  Matrix none = {1, 0, 0, 1, 0, 0};
  if (!pdf->FPDFPageObj_GetMatrix(object, &m)) return none;
  Matrix found = {m.a, m.b, m.c, m.d, m.e, m.f};
  return found;
}

/* First one, then two. */
static Matrix product(Matrix m, Matrix n) {
  Matrix done = {m.a * n.a + m.b * n.c, m.a * n.b + m.b * n.d, m.c * n.a + m.d * n.c, m.c * n.b + m.d * n.d,
                 m.e * n.a + m.f * n.c + n.e, m.e * n.b + m.f * n.d + n.f};
  return done;
}

static Point moved(const Matrix *m, double x, double y) {
  Point done = {m->a * x + m->c * y + m->e, m->b * x + m->d * y + m->f};
  return done;
}

static Point displayed(const Page *page, double x, double y) {
  Point upright = {x - page->left, page->top - y}, quarter = {y - page->bottom, x - page->left};
  Point half = {page->right - x, y - page->bottom}, back = {page->top - y, page->right - x};
  return page->rotation == 90 ? quarter : page->rotation == 180 ? half : page->rotation == 270 ? back : upright;
}

static int is_finite(Point point) { return isfinite(point.x) && isfinite(point.y); }

static Box around(Point one, Point two) {
  Box box = {least(one.x, two.x), least(one.y, two.y), most(one.x, two.x), most(one.y, two.y)};
  return box;
}

static int clipped(const Page *page, Box *box) {
  if (box->right < 0 || box->bottom < 0 || box->left > page->width || box->top > page->height) return 0;
  box->left = most(box->left, 0);
  box->top = most(box->top, 0);
  box->right = least(box->right, page->width);
  box->bottom = least(box->bottom, page->height);
  return box->left <= box->right && box->top <= box->bottom;
}

/* An object's displayed box within the page. */
static int visible_box(const Drawing *to, Handle object, const Matrix *matrix, Box *box) {
  float left = 0, bottom = 0, right = 0, top = 0;
  if (!to->pdf->FPDFPageObj_GetBounds(object, &left, &bottom, &right, &top)) return 0;
  Point corners[4] = {moved(matrix, left, bottom), moved(matrix, left, top), moved(matrix, right, bottom),
                      moved(matrix, right, top)};
  Point low = corners[0], high = corners[0];
  for (int i = 0; i < 4; i++) {
    if (!is_finite(corners[i])) return 0;
    low.x = least(low.x, corners[i].x);
    low.y = least(low.y, corners[i].y);
    high.x = most(high.x, corners[i].x);
    high.y = most(high.y, corners[i].y);
  }
  *box = around(displayed(to->page, low.x, low.y), displayed(to->page, high.x, high.y));
  return clipped(to->page, box);
}

/* Whether a box is thin; then `ruling` is what it amounts to or, with `count` 0, it is too short. */
static int is_thin(const Page *page, Box box, double thickness, Box *ruling, int *count) {
  double width = box.right - box.left, height = box.bottom - box.top;
  double x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
  Box level = {box.left, y, box.right, y}, upright = {x, box.top, x, box.bottom};
  *count = 0;
  if (least(width, height) > page->thickness + least(thickness, page->thickness)) return 0;
  if (width >= most(page->length, height)) {
    *ruling = level;
    *count = 1;
  } else if (height >= most(page->length, width)) {
    *ruling = upright;
    *count = 1;
  }
  return 1;
}

static void add_ruling(const Drawing *to, Box ruling) {
  if (to->counts[1] < to->page->rulings) to->rulings[to->counts[1]++] = ruling;
}

/* How many lines a path has that run along the page, the boxes of all in `sides`; -1 if it has curves or many
   slanted ones. Of those that do not run so the box ends before it begins. */
static int64_t straight_lines(const Drawing *to, Handle path, const Matrix *around_it) {
  const Functions *pdf = to->pdf;
  int count = pdf->FPDFPath_CountSegments(path);
  if (count < 2 || count > to->page->segments) return -1;
  Matrix matrix = product(matrix_of(pdf, path), *around_it);
  Point start = {0, 0}, at = {0, 0};
  int64_t lines = 0, straight = 0;
  for (int i = 0; i < count; i++) {
    Handle segment = pdf->FPDFPath_GetPathSegment(path, i);
    int kind = pdf->FPDFPathSegment_GetType(segment);
    if (kind == BEZIER_TO) return -1;
    float x = 0, y = 0;
    pdf->FPDFPathSegment_GetPoint(segment, &x, &y);
    Point point = moved(&matrix, x, y);
    Point ends[2][2] = {{at, point}, {point, start}};
    int drawn[2] = {kind != MOVE_TO, pdf->FPDFPathSegment_GetClose(segment)};
    if (kind == MOVE_TO) ends[1][1] = start = point;
    for (int j = 0; j < 2; j++) {
      if (!drawn[j]) continue;
      Box *box = &to->sides[lines++], none = {1, 1, 0, 0};
      *box = none;
      if (!is_finite(ends[j][0]) || !is_finite(ends[j][1])) continue;
      Box found = around(displayed(to->page, ends[j][0].x, ends[j][0].y),
                         displayed(to->page, ends[j][1].x, ends[j][1].y));
      if (!(least(found.right - found.left, found.bottom - found.top) <= to->page->skew)) continue;
      *box = found;
      straight++;
    }
    at = point;
  }
  return (lines - straight) * 2 > lines ? -1 : lines;
}

/* Adds the straight sides of a path; returns whether there were any. */
static int add_sides(const Drawing *to, Handle path, const Matrix *matrix) {
  int64_t lines = straight_lines(to, path, matrix);
  int any = 0;
  for (int64_t i = 0; i < lines; i++) {
    Box box = to->sides[i], ruling;
    int count = 0;
    if (box.left <= box.right && clipped(to->page, &box)) is_thin(to->page, box, 0, &ruling, &count);
    if (count) add_ruling(to, ruling);
    any |= count;
  }
  return any;
}

static void add_path(const Drawing *to, Handle path, const Matrix *matrix) {
  const Page *page = to->page;
  int fill = 0, stroke = 0, count = 0;
  double thickness = 0;
  Box box, ruling;
  if (!to->pdf->FPDFPath_GetDrawMode(path, &fill, &stroke) || !(fill || stroke)) return;
  if (!visible_box(to, path, matrix, &box)) return;
  if (stroke) {
    float width = 0;
    if (!to->pdf->FPDFPageObj_GetStrokeWidth(path, &width)) width = 0;
    thickness = width * sqrt(fabs(matrix->a * matrix->d - matrix->b * matrix->c));
  }
  if (stroke && thickness <= page->thickness && to->counts[1] < page->rulings && add_sides(to, path, matrix)) return;
  if (is_thin(page, box, thickness, &ruling, &count)) {
    if (count) add_ruling(to, ruling);
  } else if (to->counts[2] < page->shapes) {
    to->shapes[to->counts[2]++] = box;
  }
}

static int is_full(const Drawing *to) {
  return to->counts[1] >= to->page->rulings && to->counts[2] >= to->page->shapes;
}

/* What is drawn by the page's objects, or by those of a form, which lies in `depth` - 1 others. */
static void walk(Drawing *to, Handle page, Handle form, Matrix matrix, int64_t depth) {
  const Functions *pdf = to->pdf;
  int count = form ? pdf->FPDFFormObj_CountObjects(form) : pdf->FPDFPage_CountObjects(page);
  for (int i = 0; i < count && to->budget > 0 && !is_full(to); i++) {
    Handle object = form ? pdf->FPDFFormObj_GetObject(form, (unsigned long)i) : pdf->FPDFPage_GetObject(page, i);
    int active = 1;
    Box box;
    if (!object || (pdf->FPDFPageObj_GetIsActive(object, &active) && !active)) continue;
    to->budget--;
    switch (pdf->FPDFPageObj_GetType(object)) {
    case FORM:
      if (depth < to->page->depth) walk(to, page, object, product(matrix_of(pdf, object), matrix), depth + 1);
      break;
    case IMAGE:
      if (visible_box(to, object, &matrix, &box) && to->counts[0] < to->page->bitmaps) to->bitmaps[to->counts[0]++] = box;
      break;
    case PATH:
      add_path(to, object, &matrix);
    }
  }
}

void docmill_drawings(const Functions *pdf, Handle handle, const Page *page, Box *bitmaps, Box *rulings, Box *shapes,
                      Box *sides, int64_t *counts) {
  Drawing to = {pdf, page, bitmaps, rulings, shapes, sides, counts, page->objects};
  Matrix none = {1, 0, 0, 1, 0, 0};
  counts[0] = counts[1] = counts[2] = 0;
  walk(&to, handle, 0, none, 1);
}
